import type { LineCluster, Reach, StreamRecord } from '../../net/cluster.ts';
import type { ClusterCalls, PrimaryCalls, WorkerCalls } from './calls.ts';
import type { Rpc } from './rpc.ts';

/** What workers call of the cluster that the primary is a member of; they do not where there is none. */
export function answerWith(cluster: LineCluster | undefined): ClusterCalls {
  const of = () => {
    if (!cluster) throw new Error('this node is in no cluster');
    return cluster;
  };
  return {
    locate: async (path) => of().locate(path),
    nodes: async () => of().nodes(),
    streams: async () => of().streams(),
    survey: async (...asked) => of().survey(...asked),
    yields: async (path) => of().yields(path),
    trace: async (session) => of().trace(session),
    show: (...shown) => of().show(...shown),
    drain: async (...args) => of().drain(...args),
    tell: async (news) => of().tell(news),
    offer: async (...offered) => of().places.offer(...offered),
    reserve: async (wanted) => {
      const { granted, rooms } = await of().places.reserve(wanted);
      return { granted, rooms: [...rooms] };
    },
  };
}

/** The cluster as a worker sees it, and what the primary calls for it. */
export function clusterBy(
  nodeId: string,
  primary: Rpc<PrimaryCalls>,
): {
  readonly cluster: LineCluster;
  readonly calls: Pick<WorkerCalls, 'follow' | 'hear' | 'askNode' | 'surveyNode' | 'traceNode'>;
} {
  const listeners: ((record: StreamRecord) => void)[] = [];
  const hearers: ((news: unknown) => void)[] = [];
  let reach: Reach | undefined;
  const way = () => {
    if (!reach) throw new Error('other nodes are spoken to by the first worker');
    return reach;
  };
  const cluster: LineCluster = {
    nodeId,
    locate: (path) => primary.call('locate', path),
    nodes: () => primary.call('nodes'),
    streams: () => primary.call('streams'),
    survey: (own, question = {}) => primary.call('survey', own, question),
    yields: (path) => primary.call('yields', path),
    trace: (session) => primary.call('trace', session),
    onMove: (listener) => void listeners.push(listener),
    reachBy: (by) => {
      reach = by;
    },
    places: {
      offer: (...offered) => primary.call('offer', ...offered),
      reserve: async (wanted) => {
        const { granted, rooms } = await primary.call('reserve', wanted);
        return { granted, rooms: new Map(rooms) };
      },
    },
    show: (...shown) => primary.tell('show', ...shown),
    drain: (...args) => primary.call('drain', ...args),
    tell: (news) => primary.call('tell', news),
    onTold: (listener) => void hearers.push(listener),
  };
  const calls = {
    follow: (record: StreamRecord) => {
      for (const listener of listeners) listener(record);
    },
    hear: (news: unknown) => {
      for (const hear of hearers) hear(news);
    },
    askNode: async (...args: Parameters<WorkerCalls['askNode']>) => way().ask(...args),
    surveyNode: async (...args: Parameters<WorkerCalls['surveyNode']>) => way().survey(...args),
    traceNode: async (...args: Parameters<WorkerCalls['traceNode']>) => way().trace(...args),
  };
  return { cluster, calls };
}
