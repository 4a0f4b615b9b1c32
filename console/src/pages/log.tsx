import { useState } from 'preact/hooks';
import { rewrite, search } from '../navigation.ts';
import { levels } from '../operator.ts';
import { Filter } from '../parts/filter.tsx';
import { Link } from '../parts/link.tsx';
import { LogLines } from '../parts/log-lines.tsx';
import { Notice } from '../parts/notice.tsx';
import { t } from '../settings.ts';
import { type LogFilter, useLog } from '../use-log.ts';

/** The log as it is written, the newest line first; what is looked for stands in the address. */
export function Log() {
  const asked = new URLSearchParams(search.value);
  const of = (name: string) => asked.get(name) ?? '';
  const filter: LogFilter = { session: of('session'), level: of('level'), text: of('text') };
  const [isPaused, pause] = useState(false);
  const { lines, level, missed, error } = useLog(filter, isPaused);
  const change = (name: keyof LogFilter, value: string) => rewrite(addressOf({ ...filter, [name]: value }));
  return (
    <>
      <div class="title">
        <h1>{t('log')}</h1>
        <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
          <Filter label={t('findText')} value={filter.text} onChange={(value) => change('text', value)} />
          <Filter label={t('session')} value={filter.session} onChange={(value) => change('session', value)} />
          <select
            aria-label={t('level')}
            value={filter.level}
            onChange={(event) => change('level', event.currentTarget.value)}
          >
            <option value="">{t('allLevels')}</option>
            {levels.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
          <button type="button" aria-pressed={isPaused} onClick={() => pause(!isPaused)}>
            {t(isPaused ? 'goOn' : 'pause')}
          </button>
        </form>
      </div>
      {filter.session !== '' && (
        <p class="hint">
          <Link href={`/sessions/${encodeURIComponent(filter.session)}`}>{t('toSession', { id: filter.session })}</Link>
        </p>
      )}
      {level !== undefined && <p class="hint">{t('loggedFrom', { level })}</p>}
      {missed > 0 && <p class="warn">{t('linesMissed', { count: missed })}</p>}
      {error !== undefined && <Notice error={error} />}
      {level === undefined && lines.length === 0 && error === undefined && !isPaused ? (
        <Notice error={undefined} />
      ) : (
        <LogLines lines={lines} linked />
      )}
    </>
  );
}

function addressOf(filter: LogFilter): string {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== '')).toString();
  return query === '' ? '/log' : `/log?${query}`;
}
