import { useState } from 'preact/hooks';
import type { LiveStream } from '../api.ts';
import { codecName, formatAudio, formatBitrate, formatDuration, formatSize } from '../format.ts';
import { Addresses } from '../parts/addresses.tsx';
import { ExplainPanel } from '../parts/explain-panel.tsx';
import { Fact } from '../parts/fact.tsx';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { t } from '../settings.ts';
import { playPath, type StreamName, streamText, vhostOf } from '../urls.ts';
import { viewersOf } from '../viewers.ts';
import { ViewerList } from './viewer-list.tsx';

/** One live stream: its data, the way to its player, and on demand its addresses and viewers. */
export function StreamRow({ stream, reload }: { stream: LiveStream; reload: () => void }) {
  const [open, setOpen] = useState(false);
  const name: StreamName = { vhost: vhostOf(stream.vhost, stream.tcUrl), app: stream.app, name: stream.name };
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
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {t('details')}
          </button>
        </div>
      </div>
      {open && <Details stream={stream} name={name} reload={reload} />}
    </li>
  );
}

function Name({ stream, name }: { stream: LiveStream; name: StreamName }) {
  const active = stream.publish.active;
  return (
    <div class="name">
      <span class={active ? 'dot on' : 'dot'} title={active ? t('playing') : t('notPublishing')} />
      <div>
        <strong>{stream.name}</strong>
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

function Details({ stream, name, reload }: { stream: LiveStream; name: StreamName; reload: () => void }) {
  return (
    <div class="details">
      <ExplainPanel id={stream.id} />
      <section>
        <h2>{t('addresses')}</h2>
        <Addresses stream={name} tcUrl={stream.tcUrl} />
        <p class="hint">{t('obsHint')}</p>
        <p class="hint">
          <Link href={`/recordings?stream=${encodeURIComponent(streamText(name))}`}>{t('recordings')}</Link>
        </p>
      </section>
      <section>
        <h2>{t('connected')}</h2>
        <ViewerList stream={stream} onKick={reload} />
      </section>
    </div>
  );
}
