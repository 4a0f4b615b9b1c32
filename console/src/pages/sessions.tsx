import { navigate, rewrite, search } from '../navigation.ts';
import type { ClientQuery } from '../operator.ts';
import { ClientTable } from '../parts/client-table.tsx';
import { Filter } from '../parts/filter.tsx';
import { Link } from '../parts/link.tsx';
import { t } from '../settings.ts';

const PAGE = 50;

/** All who publish and play, a page at a time; what is looked for stands in the address. */
export function Sessions() {
  const asked = new URLSearchParams(search.value);
  const start = Math.max(0, Number.parseInt(asked.get('start') ?? '0', 10) || 0);
  const of = (name: string) => asked.get(name) ?? '';
  const query: ClientQuery = { stream: of('stream'), role: of('role'), text: of('text'), start, count: PAGE };
  const change = (name: string, value: string) => rewrite(addressOf({ ...query, [name]: value, start: 0 }));
  return (
    <>
      <div class="title">
        <h1>{t('sessions')}</h1>
        <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
          <Filter label={t('find')} value={query.text} onChange={(value) => change('text', value)} />
          <select
            aria-label={t('role')}
            value={query.role}
            onChange={(event) => change('role', event.currentTarget.value)}
          >
            <option value="">{t('everybody')}</option>
            <option value="publish">{t('publishers')}</option>
            <option value="play">{t('viewers')}</option>
          </select>
          {query.stream !== '' && (
            <button type="button" onClick={() => navigate('/sessions')}>
              {t('ofAllStreams')}
            </button>
          )}
        </form>
      </div>
      <ClientTable query={query} more={(total) => <Pages query={query} total={total} />} />
    </>
  );
}

function Pages({ query, total }: { query: ClientQuery; total: number }) {
  const { start } = query;
  const last = Math.min(start + PAGE, total);
  return (
    <nav class="pages" aria-label={t('pages')}>
      <span>{total === 0 ? '' : t('range', { from: Math.min(start + 1, total), to: last, count: total })}</span>
      {start > 0 && (
        <Link class="button" href={addressOf({ ...query, start: Math.max(0, start - PAGE) })}>
          {t('previous')}
        </Link>
      )}
      {last < total && (
        <Link class="button" href={addressOf({ ...query, start: start + PAGE })}>
          {t('next')}
        </Link>
      )}
    </nav>
  );
}

function addressOf({ stream, role, text, start }: ClientQuery): string {
  const said = Object.entries({ stream, role, text, start: start > 0 ? String(start) : '' }).filter(
    ([, value]) => value !== '',
  );
  const query = new URLSearchParams(said).toString();
  return query === '' ? '/sessions' : `/sessions?${query}`;
}
