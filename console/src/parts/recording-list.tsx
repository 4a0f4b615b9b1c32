import type { Recording } from '../api.ts';
import { formatBytes, formatDuration, formatMoment } from '../format.ts';
import { language, t } from '../settings.ts';
import { Icon } from './icon.tsx';
import { Link } from './link.tsx';

interface Props {
  readonly recordings: readonly Recording[];
  /** What lets the visitor in, as it stands in the address; empty for an admin. */
  readonly query?: string;
}

/** Recordings, each with the way to its player and to its file. */
export function RecordingList({ recordings, query = '' }: Props) {
  return (
    <ul class="recordings">
      {recordings.map((recording) => (
        <Row key={recording.id} recording={recording} query={query} />
      ))}
    </ul>
  );
}

function Row({ recording, query }: { recording: Recording; query: string }) {
  const { id, stream, url, playlist, from, to, size, finished, missing_frames: missing } = recording;
  const label = `${stream}, ${formatMoment(from, language.value)}`;
  return (
    <li data-recording={id}>
      <div class="when">
        <strong>{formatMoment(from, language.value)}</strong>
        <small>{stream}</small>
      </div>
      <div class="facts">
        <span>{formatDuration(to - from)}</span>
        <span>{formatBytes(size)}</span>
        {!finished && <span class="running">{t('recordingNow')}</span>}
        {missing > 0 && <span class="warn">{t('framesMissing', { count: missing })}</span>}
      </div>
      <div class="actions">
        {playlist !== '' && (
          <Link href={`/watch/${id}${query}`} class="button primary" label={`${t('play')}: ${label}`}>
            <Icon name="play" />
            {t('play')}
          </Link>
        )}
        <a class="button" href={url + query} download aria-label={`${t('download')}: ${label}`}>
          <Icon name="download" />
          {t('download')}
        </a>
      </div>
    </li>
  );
}
