import { formatClock } from '../format.ts';
import type { LogLine } from '../operator.ts';
import { t } from '../settings.ts';
import { Link } from './link.tsx';

/** Lines of the log as they are given; the id of a session leads to its lines. */
export function LogLines({ lines, linked = false }: { lines: readonly LogLine[]; linked?: boolean }) {
  if (lines.length === 0) return <p class="card notice">{t('noLines')}</p>;
  return (
    <ol class="card lines">
      {lines.map((line) => (
        <Line key={line.id} line={line} linked={linked} />
      ))}
    </ol>
  );
}

function Line({ line: { level, time, session, message, fields }, linked }: { line: LogLine; linked: boolean }) {
  const moment = Date.parse(time);
  return (
    <li class={level}>
      <time dateTime={time} title={time}>
        {formatClock(moment)}
      </time>
      <span class="level">{level}</span>
      <span class="said">
        <b>{message}</b>
        {session !== '' &&
          (linked ? (
            <Link href={`/log?session=${encodeURIComponent(session)}`} class="id">
              {session}
            </Link>
          ) : (
            <span class="id">{session}</span>
          ))}
        {Object.entries(fields)
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <span key={name} class="field">
              {name}=<i>{typeof value === 'string' ? value : JSON.stringify(value)}</i>
            </span>
          ))}
      </span>
    </li>
  );
}
