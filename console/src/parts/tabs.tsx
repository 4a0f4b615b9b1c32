import type { Route, Section } from '../route.ts';
import { t } from '../settings.ts';
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
  return (
    <nav class="tabs" aria-label={t('loginTitle')}>
      {sections.map(([section, href]) => (
        <Link key={section} href={href} current={section === present}>
          {t(section)}
        </Link>
      ))}
      <a href="/api">{t('apiPage')}</a>
    </nav>
  );
}
