import { useState } from 'preact/hooks';
import { formatBytes, formatCount } from '../format.ts';
import { type NodeLink, type ReceivedStream, type SentStream, slowestOf, tallyOf } from '../links.ts';
import { nodeName } from '../names.ts';
import { Link } from '../parts/link.tsx';
import { DelayFact, LossFacts, MediaFact, OverheadFact, RepairFact, RttFact } from '../parts/link-facts.tsx';
import { mediaInWords, outcomeInWords } from '../parts/link-words.ts';
import { t } from '../settings.ts';
import { nameOf, playPath, streamText } from '../urls.ts';

/** The link to one node, as this end sees it, and on demand each of its streams. */
export function LinkRow({ link }: { link: NodeLink }) {
  const [open, setOpen] = useState(false);
  const { remote, streams } = link;
  return (
    <li class="link" data-role={link.role} data-node={link.node}>
      <div class="row">
        <Name link={link} />
        <dl>
          <MediaFact {...link} />
          <RttFact {...link} />
          <LossFacts tally={tallyOf(link)} />
          <OverheadFact link={link} />
          <RepairFact {...link} />
          <DelayFact stream={slowestOf(link)} />
        </dl>
        <div class="actions">
          <button
            type="button"
            aria-expanded={open}
            aria-label={`${t('statStreams', { count: streams.length })}: ${remote}`}
            onClick={() => setOpen(!open)}
          >
            {t('statStreams', { count: streams.length })}
          </button>
        </div>
      </div>
      {open && <Details link={link} />}
    </li>
  );
}

function Name({ link: { role, node, remote, media } }: { link: NodeLink }) {
  return (
    <div class="name">
      <span class={media === 'reliable' ? 'dot' : 'dot on'} />
      <div>
        <strong>{remote}</strong>
        <small title={node}>
          {t(role === 'edge' ? 'linkFrom' : 'linkTo')} {nodeName({ id: node })}
        </small>
      </div>
    </div>
  );
}

function Details({ link }: { link: NodeLink }) {
  const { streams, bytes, overhead_bytes: overhead, refused } = link;
  return (
    <div class="details">
      {streams.length === 0 ? (
        <p class="hint">{t('linkIdle')}</p>
      ) : (
        <ul class="link-streams">
          {streams.map((stream, i) => (
            <StreamOfLink key={`${stream.path} ${i}`} stream={stream} />
          ))}
        </ul>
      )}
      <p class="hint">
        {link.role === 'origin' && link.reported && (
          <>
            {t('linkTold')}
            <br />
          </>
        )}
        {t('linkSize', { media: formatBytes(bytes), overhead: formatBytes(overhead), refused: formatCount(refused) })}
      </p>
    </div>
  );
}

function StreamOfLink({ stream }: { stream: ReceivedStream | SentStream }) {
  const name = nameOf(stream.path);
  const isReceived = 'outcome' in stream;
  return (
    <li>
      <p>
        <Link href={playPath(name)}>{streamText(name)}</Link> <small>{mediaInWords(stream.media)}</small>
      </p>
      {isReceived && <p class="outcome">{outcomeInWords(stream)}</p>}
      <dl class="link-facts">
        <LossFacts tally={isReceived ? stream : stream.reported} />
        {isReceived && <RepairFact {...stream} />}
        {isReceived && <DelayFact stream={stream} />}
      </dl>
    </li>
  );
}
