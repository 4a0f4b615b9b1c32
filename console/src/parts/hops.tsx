import { formatMs } from '../format.ts';
import { shareOf } from '../links.ts';
import { givenName } from '../names.ts';
import { getTrace, type Hop } from '../operator.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';
import { protocolOf } from './client-table.tsx';
import { percent } from './link-words.ts';

const SHORT_ID = 8;

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
          {protocolOf(gets.type)} {gets.remote}
        </small>
      )}
      <strong>{givenName(node) || host || node.slice(0, SHORT_ID) || t('thisNode')}</strong>
      <small>
        {[givenName(node) && host, (givenName(node) || host) && node.slice(0, SHORT_ID), address]
          .filter(Boolean)
          .join(' · ')}
      </small>
      <span>{facts.join(' · ')}</span>
      {sends && <small class="id">{sends.id}</small>}
    </li>
  );
}
