import type { Clock } from '../base/clock.ts';
import type { Hub } from '../hub/hub.ts';
import type { Sessions } from '../hub/session.ts';
import { type Cluster, mergeReports, reportStreams, type Surveyed, type SurveyQuestion, unasked } from './cluster.ts';
import { type FlowGround, flowsHere, mergeFlows } from './flows.ts';
import type { Siblings } from './siblings.ts';
import { sumOfWatching, whoWatches } from './watching.ts';

/** What a survey looks at; there may be other workers. */
interface SurveyGround extends FlowGround {
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly siblings: Siblings;
  readonly clock: Pick<Clock, 'wall'>;
  readonly cluster?: Pick<Cluster, 'nodes' | 'nodeId'> | undefined;
}

const TOPIC = 'cluster streams';

/** What there is at this node, at all its workers: its streams, the most watched first, or what else is asked. */
export async function surveyNode(ground: SurveyGround, question: SurveyQuestion = {}): Promise<Surveyed> {
  const others = (await ground.siblings.ask(TOPIC, question)) as Surveyed[];
  const all = [await surveyHere(ground, question), ...others];
  if (question.flows) {
    const flows = mergeFlows(all.flatMap((each) => each.flows?.flows ?? []));
    return { streams: [], flows: { at: ground.clock.wall(), flows } };
  }
  if (question.watching !== undefined)
    return { streams: [], watching: sumOfWatching(all.flatMap(({ watching = [] }) => watching)) };
  return { streams: mergeReports(all.flatMap(({ streams }) => streams)) };
}

/** Answers the worker that was asked for what there is at the node. */
export function answerSurveys(ground: SurveyGround): void {
  ground.siblings.answer(TOPIC, (question) => surveyHere(ground, (question ?? {}) as SurveyQuestion));
}

async function surveyHere(ground: SurveyGround, { flows, watching }: SurveyQuestion): Promise<Surveyed> {
  const self = ground.cluster?.nodeId ?? '';
  if (flows) return { streams: [], flows: { at: ground.clock.wall(), flows: flowsHere(ground, self) } };
  const counts = await unasked(ground.cluster);
  if (watching === undefined) return { streams: reportStreams(ground, counts) };
  const rows = whoWatches(ground.sessions, counts).get(watching)?.watching ?? [];
  return { streams: [], watching: rows.map((row) => ({ ...row, node: row.node || self })) };
}
