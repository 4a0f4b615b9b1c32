import { useEffect, useState } from 'preact/hooks';
import { formatMs, protocolName } from '../format.ts';
import { shareOf } from '../links.ts';
import { getTrace, type Hop, offers } from '../operator.ts';
import { t } from '../settings.ts';
import type { StreamName } from '../urls.ts';
import { usePoll } from '../use-poll.ts';
import { percent } from './link-words.ts';
import { StreamLink } from './stream-link.tsx';

const SHORT_ID = 8;

/** The way of a stream to this node: hop by hop where the server can tell, else the last one alone. */
export function HopsOfStream({ stream, client }: { stream: StreamName; client: string }) {
  const [canTrace, setCanTrace] = useState<boolean | undefined>();
  useEffect(() => void offers('GET /api/v1/trace/{id}').then(setCanTrace), []);
  if (canTrace === undefined) return null;
  return canTrace && client !== '' ? <Hops client={client} /> : <StreamLink stream={stream} />;
}

/** The nodes through which a peer gets what it plays, from the publisher on; nothing where the server cannot tell. */
export function Hops({ client }: { client: string }) {
  const { data } = usePoll(() => getTrace(client), 5_000, client);
  if (!data || data.hops.length === 0) return null;
  const { hops, complete, gap } = data;
  return (
    <section>
      <h2>{t('hops')}</h2>
      <ol class="card hops">
        {hops.toReversed().map((hop, i) => (
          <HopItem key={`${hop.node} ${i}`} hop={hop} />
        ))}
      </ol>
      {!complete && gap !== '' && <p class="hint">{t('hopsGap', { gap })}</p>}
    </section>
  );
}

function HopItem({ hop: { node, host, address, gets, sends, added_ms: added, total_ms: total, loss } }: { hop: Hop }) {
  const lost = loss && shareOf(loss.lost, loss.packets);
  const facts = [
    typeof added === 'number' && t('hopAdded', { delay: formatMs(added) }),
    typeof total === 'number' && t('hopTotal', { delay: formatMs(total) }),
    typeof lost === 'number' && t('flowLoss', { loss: percent(lost) }),
  ].filter(Boolean);
  return (
    <li>
      {gets && (
        <small class="by">
          {protocolName(gets.type.replace(/-(?:play|publish)$/, ''))} {gets.remote}
        </small>
      )}
      <strong>{host || node.slice(0, SHORT_ID) || t('thisNode')}</strong>
      <small>{[host && node.slice(0, SHORT_ID), address].filter(Boolean).join(' · ')}</small>
      <span>{facts.join(' · ')}</span>
      {sends && <small class="id">{sends.id}</small>}
    </li>
  );
}
