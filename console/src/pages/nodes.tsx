import { useEffect, useState } from 'preact/hooks';
import { formatBitrate, formatDuration } from '../format.ts';
import { type ClusterNode, drain, getCluster, offers } from '../operator.ts';
import { Fact } from '../parts/fact.tsx';
import { Notice } from '../parts/notice.tsx';
import { nodeName } from '../parts/picture.tsx';
import { noticeRefusal } from '../session.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';
import { Links } from './links.tsx';

/** The nodes of the cluster, and the links of this one. */
export function Nodes() {
  const { data, error, reload } = usePoll(getCluster, 2_000);
  const [canDrain, setCanDrain] = useState(false);
  useEffect(() => noticeRefusal(error), [error]);
  useEffect(() => void offers('POST /api/v1/nodes/{id}/drain').then(setCanDrain), []);
  if (!data) return <Notice error={error} />;
  return (
    <>
      <div class="title">
        <h1>{t('nodes')}</h1>
      </div>
      {error !== undefined && <Notice error={error} />}
      {data.nodes.length === 0 ? (
        <p class="card notice">{t('noCluster')}</p>
      ) : (
        <ul class="nodes">
          {data.nodes.map((node) => (
            <NodeCard key={node.id} node={node} canDrain={canDrain} reload={reload} />
          ))}
        </ul>
      )}
      <Links />
    </>
  );
}

function NodeCard({ node, canDrain, reload }: { node: ClusterNode; canDrain: boolean; reload: () => void }) {
  const { id, role, self, reached, draining = false, version, since_ms: since, cpu, streams, viewers, kbps } = node;
  return (
    <li class="card node-card" data-node={id}>
      <div class="name">
        <span class={draining ? 'dot off' : 'dot on'} />
        <div>
          <strong title={id}>{nodeName({ id, self })}</strong>
          <small>{[t(role), version].join(' · ')}</small>
          {!reached && <small>{t('notReached')}</small>}
          {draining && <small class="warn">{t(viewers > 0 ? 'draining' : 'drained')}</small>}
        </div>
      </div>
      <dl>
        <Fact label={t('cpu')} value={t('percent', { value: Math.round(cpu * 100) })} warn={cpu > 0.9} />
        <Fact label={t('streams')} value={String(streams)} />
        <Fact label={t('viewers')} value={String(viewers)} />
        <Fact label={t('sends')} value={formatBitrate(kbps)} />
        <Fact label={t('running')} value={formatDuration(Date.now() - since)} />
      </dl>
      {canDrain && <DrainButton node={node} reload={reload} />}
    </li>
  );
}

function DrainButton({ node: { id, self, draining = false }, reload }: { node: ClusterNode; reload: () => void }) {
  const [problem, setProblem] = useState('');
  const change = async () => {
    const name = nodeName({ id, self });
    if (!draining && !confirm(t('drainSure', { name }))) return;
    const said = await drain(id, draining ? 'DELETE' : 'POST').then(
      () => '',
      (error: Error) => error.message,
    );
    setProblem(said);
    reload();
  };
  return (
    <div class="actions">
      <button type="button" class={draining ? '' : 'danger'} onClick={() => void change()}>
        {t(draining ? 'undrain' : 'drain')}
      </button>
      {problem !== '' && (
        <p class="warn" role="alert">
          {t('apiFailed', { reason: problem })}
        </p>
      )}
    </div>
  );
}
