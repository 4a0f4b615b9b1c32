import { formatBytes, formatCount } from '../format.ts';
import { getLinks, type NodeLink, type Push } from '../links.ts';
import { Fact } from '../parts/fact.tsx';
import { t } from '../settings.ts';
import { nameOf, streamText } from '../urls.ts';
import { usePoll } from '../use-poll.ts';
import { LinkRow } from './link-row.tsx';

/** The links to other nodes and what is pushed to them, where there are any. */
export function Links() {
  const { data } = usePoll(getLinks, 2_000);
  if (!data) return null;
  const { links, pushes } = data;
  return (
    <>
      {links.length > 0 && <LinkList links={links} />}
      {pushes.length > 0 && <PushList pushes={pushes} />}
    </>
  );
}

function LinkList({ links }: { links: readonly NodeLink[] }) {
  return (
    <section class="links">
      <h2>{t('links')}</h2>
      <div class="card">
        <div class="row head" aria-hidden="true">
          <span>{t('linkNode')}</span>
          <span>{t('linkMedia')}</span>
          <span>{t('linkRtt')}</span>
          <span>{t('linkLoss')}</span>
          <span>{t('linkResidual')}</span>
          <span>{t('linkOverhead')}</span>
          <span>{t('linkRepaired')}</span>
          <span>{t('linkDelay')}</span>
        </div>
        <ul>
          {links.map((link) => (
            <LinkRow key={`${link.role} ${link.node} ${link.remote}`} link={link} />
          ))}
        </ul>
      </div>
    </section>
  );
}

function PushList({ pushes }: { pushes: readonly Push[] }) {
  return (
    <section class="links pushes">
      <h2>{t('pushes')}</h2>
      <div class="card">
        <div class="row head" aria-hidden="true">
          <span>{t('pushTo')}</span>
          <span>{t('pushEdges')}</span>
          <span>{t('pushPackets')}</span>
          <span>{t('linkRepaired')}</span>
          <span>{t('pushBytes')}</span>
        </div>
        <ul>
          {pushes.map((push) => (
            <PushRow key={push.to} push={push} />
          ))}
        </ul>
      </div>
    </section>
  );
}

function PushRow({ push: { to, paths, edges, packets, repaired, bytes } }: { push: Push }) {
  return (
    <li class="link" data-push={to}>
      <div class="row">
        <div class="name">
          <span class={edges > 0 ? 'dot on' : 'dot off'} />
          <div>
            <strong>{to}</strong>
            <small>{paths.map((path) => streamText(nameOf(path))).join(', ') || t('pushIdle')}</small>
          </div>
        </div>
        <dl>
          <Fact label={t('pushEdges')} value={formatCount(edges)} />
          <Fact label={t('pushPackets')} value={formatCount(packets)} />
          <Fact label={t('linkRepaired')} value={formatCount(repaired)} />
          <Fact label={t('pushBytes')} value={formatBytes(bytes)} />
        </dl>
      </div>
    </li>
  );
}
