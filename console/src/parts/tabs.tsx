import { useEffect, useRef } from 'preact/hooks';
import type { Route, Section } from '../route.ts';
import { language, t } from '../settings.ts';
import { Link } from './link.tsx';

const sections: readonly (readonly [Section, string])[] = [
  ['overview', '/'],
  ['sessions', '/sessions'],
  ['nodes', '/nodes'],
  ['recordings', '/recordings'],
  ['log', '/log'],
  ['config', '/config'],
];

/** Which section a page belongs to. */
const above: { readonly [page in Route['page']]?: Section } = { stream: 'overview', session: 'sessions' };

/** The sections of the console, the present one marked. */
export function Tabs({ page }: { page: Route['page'] }) {
  const present = above[page] ?? page;
  const bar = useRef<HTMLElement>(null);
  useEffect(() => reveal(bar.current!), [present, language.value]);
  return (
    <nav class="tabs" ref={bar} aria-label={t('loginTitle')}>
      {sections.map(([section, href]) => (
        <Link key={section} href={href} current={section === present}>
          {t(section)}
        </Link>
      ))}
      <a href="/api">{t('apiPage')}</a>
    </nav>
  );
}

/** Scrolls the present one to the middle, where there is not room for all of them. */
function reveal(bar: HTMLElement): void {
  const present = bar.querySelector<HTMLElement>('[aria-current]');
  if (present) bar.scrollLeft = present.offsetLeft - bar.offsetLeft - (bar.clientWidth - present.offsetWidth) / 2;
}
