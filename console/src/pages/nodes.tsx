import { useEffect, useState } from 'preact/hooks';
import { formatBitrate, formatDuration } from '../format.ts';
import { nodeName } from '../names.ts';
import { BUSY, type ClusterNode, cpuShare, drain, getNodes } from '../operator.ts';
import { Fact } from '../parts/fact.tsx';
import { MoveButton } from '../parts/move-dialog.tsx';
import { Notice } from '../parts/notice.tsx';
import { noticeRefusal } from '../session.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';
import { Links } from './links.tsx';

/** The nodes of the cluster, and the links of this one. */
export function Nodes() {
  const { data, error, reload } = usePoll(getNodes, 2_000);
  useEffect(() => noticeRefusal(error), [error]);
  if (!data) return <Notice error={error} />;
  return (
    <>
      <div class="title">
        <h1>{t('nodes')}</h1>
      </div>
      {error !== undefined && <Notice error={error} />}
      {data.length === 0 ? (
        <p class="card notice">{t('noCluster')}</p>
      ) : (
        <ul class="nodes">
          {data.map((node) => (
            <NodeCard key={node.id} node={node} nodes={data} reload={reload} />
          ))}
        </ul>
      )}
      <Links />
    </>
  );
}

interface CardProps {
  readonly node: ClusterNode;
  readonly nodes: readonly ClusterNode[];
  readonly reload: () => void;
}

function NodeCard({ node, nodes, reload }: CardProps) {
  const { id, role, reached, draining, region, version, since_ms: since } = node;
  const { cpu, cores, streams, viewers, kbps } = node;
  const share = cpuShare(node);
  return (
    <li class="card node-card" data-node={id}>
      <div class="name">
        <span class={draining ? 'dot off' : 'dot on'} />
        <div>
          <strong title={id}>{nodeName(node)}</strong>
          <small>{[t(role), region, version].filter(Boolean).join(' · ')}</small>
          {!reached && <small>{t('notReached')}</small>}
          {draining && <small class="warn">{t(stateOf(node))}</small>}
        </div>
      </div>
      <dl>
        <Fact
          label={t('cpu')}
          value={t('percent', { value: Math.round(share * 100) })}
          {...(cores > 1 && { more: t('ofCores', { used: cpu.toFixed(1), cores }) })}
          warn={share > BUSY}
        />
        <Fact label={t('streams')} value={String(streams)} />
        <Fact label={t('viewers')} value={String(viewers)} />
        <Fact label={t('sends')} value={formatBitrate(kbps)} />
        <Fact label={t('running')} value={formatDuration(Date.now() - since)} />
      </dl>
      <div class="actions">
        <MoveButton nodes={nodes} places={[{ id, viewers }]} node={id} label={t('moveOf', { name: nodeName(node) })} />
        <DrainButton node={node} reload={reload} />
      </div>
    </li>
  );
}

/** How far a node is that is drained: one of an older version does not say that it is empty. */
function stateOf({ empty, viewers, publishers }: ClusterNode): 'draining' | 'drained' | 'drainedUnsaid' {
  if (empty) return 'drained';
  return empty === null && viewers + publishers === 0 ? 'drainedUnsaid' : 'draining';
}

function DrainButton({ node, reload }: { node: ClusterNode; reload: () => void }) {
  const { id, draining } = node;
  const [problem, setProblem] = useState('');
  const change = async () => {
    if (!draining && !confirm(t('drainSure', { name: nodeName(node) }))) return;
    const said = await drain(id, draining ? 'DELETE' : 'POST').then(
      () => '',
      (error: Error) => error.message,
    );
    setProblem(said);
    reload();
  };
  return (
    <>
      <button type="button" class={draining ? '' : 'danger'} onClick={() => void change()}>
        {t(draining ? 'undrain' : 'drain')}
      </button>
      {problem !== '' && (
        <p class="warn" role="alert">
          {t('apiFailed', { reason: problem })}
        </p>
      )}
    </>
  );
}
