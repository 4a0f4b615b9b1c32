import type { Cluster, Reach, StreamRecord } from '../../net/cluster.ts';
import type { ClusterCalls, PrimaryCalls, WorkerCalls } from './calls.ts';
import type { Rpc } from './rpc.ts';

/** What workers call of the cluster that the primary is a member of; they do not where there is none. */
export function answerWith(cluster: Cluster | undefined): ClusterCalls {
  const of = () => {
    if (!cluster) throw new Error('this node is in no cluster');
    return cluster;
  };
  return {
    locate: async (path) => of().locate(path),
    nodes: async () => of().nodes(),
    streams: async () => of().streams(),
    survey: async (own) => of().survey(own),
    yields: async (path) => of().yields(path),
    trace: async (session) => of().trace(session),
  };
}

/** The cluster as a worker sees it, and what the primary calls for it. */
export function clusterBy(
  nodeId: string,
  primary: Rpc<PrimaryCalls>,
): { readonly cluster: Cluster; readonly calls: Pick<WorkerCalls, 'follow' | 'askNode' | 'surveyNode' | 'traceNode'> } {
  const listeners: ((record: StreamRecord) => void)[] = [];
  let reach: Reach | undefined;
  const way = () => {
    if (!reach) throw new Error('other nodes are spoken to by the first worker');
    return reach;
  };
  const cluster: Cluster = {
    nodeId,
    locate: (path) => primary.call('locate', path),
    nodes: () => primary.call('nodes'),
    streams: () => primary.call('streams'),
    survey: (own) => primary.call('survey', own),
    yields: (path) => primary.call('yields', path),
    trace: (session) => primary.call('trace', session),
    onMove: (listener) => void listeners.push(listener),
    reachBy: (by) => {
      reach = by;
    },
  };
  const calls = {
    follow: (record: StreamRecord) => {
      for (const listener of listeners) listener(record);
    },
    askNode: async (...args: Parameters<WorkerCalls['askNode']>) => way().ask(...args),
    surveyNode: async (...args: Parameters<WorkerCalls['surveyNode']>) => way().survey(...args),
    traceNode: async (...args: Parameters<WorkerCalls['traceNode']>) => way().trace(...args),
  };
  return { cluster, calls };
}
