import type { ComponentChildren } from 'preact';
import { navigate } from '../navigation.ts';

interface Props {
  readonly href: string;
  readonly class?: string;
  readonly label?: string;
  /** Whether it leads to the page that is shown. */
  readonly current?: boolean;
  readonly children: ComponentChildren;
}

/** A link within the page; opens elsewhere as the visitor's keys say. */
export function Link({ href, label, current = false, children, class: look }: Props) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
  };
  return (
    <a href={href} class={look} aria-label={label} aria-current={current ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}
