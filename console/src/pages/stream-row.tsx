import type { LiveStream } from '../api.ts';
import { codecName, formatAudio, formatBitrate, formatDuration, formatSize } from '../format.ts';
import { Fact } from '../parts/fact.tsx';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { t } from '../settings.ts';
import { playPath, type StreamName, streamPath, vhostOf } from '../urls.ts';
import { viewersOf } from '../viewers.ts';

/** One live stream: its data, and the ways to its player and to its page. */
export function StreamRow({ stream }: { stream: LiveStream }) {
  const name = nameOfStream(stream);
  return (
    <li class="stream" data-stream={`${stream.app}/${stream.name}`}>
      <div class="row">
        <Name stream={stream} name={name} />
        <Facts stream={stream} />
        <div class="actions">
          <Link href={playPath(name)} class="button primary" label={`${t('play')}: ${stream.name}`}>
            <Icon name="play" />
            {t('play')}
          </Link>
          <Link href={streamPath(name)} class="button" label={`${t('details')}: ${stream.name}`}>
            {t('details')}
          </Link>
        </div>
      </div>
    </li>
  );
}

/** How a stream of a list is called. */
export function nameOfStream({ vhost, tcUrl, app, name }: LiveStream): StreamName {
  return { vhost: vhostOf(vhost, tcUrl), app, name };
}

function Name({ stream, name }: { stream: LiveStream; name: StreamName }) {
  const active = stream.publish.active;
  return (
    <div class="name">
      <span class={active ? 'dot on' : 'dot'} title={active ? t('playing') : t('notPublishing')} />
      <div>
        <strong>
          <Link href={streamPath(name)}>{stream.name}</Link>
        </strong>
        <small>{[name.vhost, stream.app].filter(Boolean).join(' / ')}</small>
        {!active && <small class="warn">{t('notPublishing')}</small>}
      </div>
    </div>
  );
}

function Facts({ stream }: { stream: LiveStream }) {
  const { video, audio } = stream;
  return (
    <dl>
      <Fact
        label={t('video')}
        value={video ? codecName(video.codec) : t('noVideo')}
        more={video ? [formatSize(video.width, video.height), video.profile].filter(Boolean).join(' ') : ''}
      />
      <Fact
        label={t('audio')}
        value={audio ? codecName(audio.codec) : t('noAudio')}
        more={audio ? formatAudio(audio.sample_rate, channelsInWords(audio.channel)) : ''}
      />
      <Fact label={t('bitrate')} value={formatBitrate(stream.kbps.recv_30s)} />
      <Fact label={t('viewers')} value={String(viewersOf(stream))} />
      <Fact label={t('uptime')} value={formatDuration(Date.now() - stream.live_ms)} />
    </dl>
  );
}

function channelsInWords(count: number): string {
  if (count <= 2) return ['', t('mono'), t('stereo')][count] ?? '';
  return t('channels', { count });
}
