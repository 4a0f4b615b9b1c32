import type { ComponentChildren } from 'preact';
import { navigate } from '../navigation.ts';

/** A link within the page; opens elsewhere as the visitor's keys say. */
export function Link(props: { href: string; class?: string; label?: string; children: ComponentChildren }) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(props.href);
  };
  return (
    <a href={props.href} class={props.class} aria-label={props.label} onClick={follow}>
      {props.children}
    </a>
  );
}
