import type { ComponentChildren } from 'preact';
import type { LiveStream } from '../api.ts';
import { codecName, formatBitrate, formatBytes, formatCount, formatDuration, protocolName } from '../format.ts';
import { nodeName } from '../names.ts';
import type { Details, StreamDetail } from '../operator.ts';
import { t } from '../settings.ts';
import { Fact } from './fact.tsx';
import { UNKNOWN } from './link-words.ts';

/** From here on something is worth a look. */
const WORTH = { gop: 4_000, silent: 2_000 };

/** The numbers of a stream; those that are worth a look are marked. */
export function Measures({ stream, detail }: { stream: LiveStream; detail: StreamDetail | null }) {
  if (!detail) return <p class="hint">{t('notMeasured')}</p>;
  const video = detail.tracks.find(({ kind }) => kind === 'video');
  const { gop_ms: gop, silent_ms: silent } = detail;
  const seconds = (ms: number) => t('seconds', { seconds: (ms / 1000).toFixed(ms < 9_950 ? 1 : 0) });
  return (
    <dl class="card measures">
      <Fact label={t('bitrate')} value={formatBitrate(stream.kbps.recv_30s)} more={t('measuredOver')} />
      <Fact label={t('frameRate')} value={video ? `${whole(video.frames_per_second)} fps` : UNKNOWN} />
      <Fact label={t('gop')} value={gop > 0 ? seconds(gop) : UNKNOWN} more={t('gopMore')} warn={gop > WORTH.gop} />
      <Fact
        label={t('silence')}
        value={silent === null ? UNKNOWN : silent < WORTH.silent ? t('arrives') : seconds(silent)}
        warn={(silent ?? 0) >= WORTH.silent}
      />
      <Fact label={t('inMemory')} value={seconds(detail.window_ms)} more={formatBytes(detail.window_bytes)} />
      <Fact
        label={t('publishes')}
        value={formatCount(detail.publishes)}
        more={t('backups', { count: detail.backups })}
      />
      <Fact label={t('jumps')} value={formatCount(detail.jumps)} warn={detail.jumps > 0} />
      <Fact label={t('undecodable')} value={formatCount(detail.undecodable)} warn={detail.undecodable > 0} />
      <Fact label={t('skipped')} value={formatCount(detail.skipped)} more={t('skippedMore')} />
      <Fact label={t('uptime')} value={formatDuration(Date.now() - stream.live_ms)} />
    </dl>
  );
}

function whole(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A table in a box that is as wide as there is room. */
export function Table({
  head,
  look = '',
  children,
}: {
  head: readonly string[];
  look?: string;
  children: ComponentChildren;
}) {
  return (
    <div class={`card table ${look}`}>
      <table>
        <thead>
          <tr>
            {head.map((each) => (
              <th key={each} scope="col">
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** What the stream is made of. */
export function Tracks({ detail }: { detail: StreamDetail | null }) {
  return (
    <section>
      <h2>{t('tracks')}</h2>
      <Table look="cards" head={[t('track'), t('codec'), t('form'), t('frames'), t('bitrate')]}>
        {detail?.tracks
          .toSorted((a, b) => (a.kind < b.kind ? 1 : -1))
          .map(({ kind, codec, profile, form, frames_per_second: rate, kbps }) => (
            <tr key={kind}>
              <th scope="row">{t(kind)}</th>
              <td data-label={t('codec')}>{[codecName(codec), profile].filter(Boolean).join(' ')}</td>
              <td data-label={t('form')}>{form}</td>
              <td data-label={t('frames')}>{t('perSecond', { count: whole(rate) })}</td>
              <td data-label={t('bitrate')}>{formatBitrate(kbps)}</td>
            </tr>
          ))}
      </Table>
    </section>
  );
}

/** Who watches, by node and protocol. */
export function Audience({ viewers, children }: Pick<Details, 'viewers'> & { children?: ComponentChildren }) {
  const most = Math.max(1, ...viewers.map((each) => each.viewers));
  const several = viewers.some(({ self }) => !self);
  return (
    <section>
      <div class="heading">
        <h2>{t('viewers')}</h2>
        {children}
      </div>
      <ul class="card audience">
        {viewers.length === 0 && <li class="hint">{t('nobody')}</li>}
        {viewers
          .toSorted((a, b) => b.viewers - a.viewers)
          .map(({ node, self, protocol, viewers: count }) => (
            <li key={`${node} ${protocol}`}>
              <span>
                {protocol === '' ? t('anyProtocol') : protocolName(typeOf(protocol))}
                {several && <small>{self ? t('thisNode') : nodeName({ id: node })}</small>}
              </span>
              <meter min={0} max={most} value={count} aria-hidden="true" />
              <b>{formatCount(count)}</b>
            </li>
          ))}
      </ul>
    </section>
  );
}

/** The name of a protocol as clients have it in their type. */
function typeOf(protocol: string): string {
  return protocol === 'http-flv' ? 'flv-play' : `${protocol}-play`;
}
