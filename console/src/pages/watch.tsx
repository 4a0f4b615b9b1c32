import { useEffect, useState } from 'preact/hooks';
import { ApiError, getRecording, type Recording } from '../api.ts';
import { formatBytes, formatDuration, formatMoment } from '../format.ts';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { Recorded } from '../player/recorded.tsx';
import { language, t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';

/** One recording: played from anywhere, downloaded as a whole or in part. */
export function Watch({ id }: { id: string }) {
  const query = location.search;
  const { data, error } = usePoll(() => getRecording(id, query), 10_000);
  useEffect(() => {
    if (data) document.title = `${data.name} · Headwater`;
  }, [data?.name]);
  if (!data) return <Missing error={error} />;
  return (
    <article class="play">
      <h1>
        {data.name}
        <small>{formatMoment(data.from, language.value)}</small>
      </h1>
      {data.playlist === '' ? (
        <OnlyDownload recording={data} query={query} />
      ) : (
        <Playable recording={data} query={query} />
      )}
    </article>
  );
}

function Missing({ error }: { error: unknown }) {
  if (error === undefined) return <p class="notice">{t('loading')}</p>;
  const isGone = error instanceof ApiError && error.status >= 400;
  return (
    <section class="card notice" role="alert">
      <p>{isGone ? t('recordingGone') : t('serverSilent')}</p>
      <Link href="/">{t('toOverview')}</Link>
    </section>
  );
}

function OnlyDownload({ recording, query }: { recording: Recording; query: string }) {
  return (
    <section class="card notice">
      <p>{t('onlyDownload', { format: recording.format.toUpperCase() })}</p>
      <Download href={recording.url + query} text={t('downloadAll', { size: formatBytes(recording.size) })} />
    </section>
  );
}

function Playable({ recording, query }: { recording: Recording; query: string }) {
  const [{ time, duration }, setTime] = useState({ time: 0, duration: 0 });
  const [marks, setMarks] = useState<{ from?: number; to?: number }>({});
  const hasMarks = marks.from !== undefined || marks.to !== undefined;
  const [from, to] = [marks.from ?? 0, marks.to ?? duration];
  return (
    <>
      <Recorded
        name={recording.name}
        playlist={recording.playlist + query}
        chosen={hasMarks ? [from, to] : undefined}
        onTime={(at, of) => setTime({ time: at, duration: of })}
      />
      {!recording.finished && <p class="hint">{t('stillRecorded')}</p>}
      {recording.missing_frames > 0 && <p class="warn">{t('framesMissing', { count: recording.missing_frames })}</p>}
      <section class="card cut">
        <h2>{t('cutTitle')}</h2>
        <p class="hint">{t('cutMore')}</p>
        <div class="cut-buttons">
          <button
            type="button"
            onClick={() => setMarks({ ...marks, from: time, ...(to <= time && { to: undefined! }) })}
          >
            {t('cutFrom')}
          </button>
          <button type="button" disabled={time <= from} onClick={() => setMarks({ ...marks, to: time })}>
            {t('cutTo')}
          </button>
          {hasMarks && (
            <button type="button" class="quiet" onClick={() => setMarks({})}>
              {t('cutReset')}
            </button>
          )}
        </div>
        <div class="cut-buttons">
          {hasMarks && (
            <Download
              href={cutUrl(recording, query, from, to)}
              text={t('downloadPart', { from: clock(from), to: clock(to) })}
            />
          )}
          <Download href={recording.url + query} text={t('downloadAll', { size: formatBytes(recording.size) })} />
        </div>
      </section>
    </>
  );
}

function Download({ href, text }: { href: string; text: string }) {
  return (
    <a class="button" href={href} download>
      <Icon name="download" />
      {text}
    </a>
  );
}

function cutUrl({ url }: Recording, query: string, from: number, to: number): string {
  const parameters = new URLSearchParams(query);
  parameters.set('from', from.toFixed(3));
  parameters.set('to', to.toFixed(3));
  return `${url}?${parameters}`;
}

function clock(seconds: number): string {
  return formatDuration(seconds * 1000);
}
