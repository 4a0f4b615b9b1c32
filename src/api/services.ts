import type { RunningOption } from '../config/running.ts';
import type { Context } from '../module.ts';
import { type Identity, makeIdentity } from '../net/identity.ts';
import { packageVersion } from '../ops/version.ts';
import { Chronicle } from './chronicle.ts';
import { Witness } from './explain/witness.ts';
import { Guard } from './guard.ts';
import { Machine } from './machine.ts';
import { Outlooks } from './outlook.ts';
import { type Counted, Rates } from './rates.ts';
import { Survey } from './survey.ts';
import { Traffic } from './traffic.ts';

/** What the resources of the API share. */
export interface Services {
  readonly context: Context;
  readonly guard: Guard;
  readonly identity: Identity;
  readonly machine: Machine;
  readonly rates: Rates;
  readonly traffic: Traffic;
  /** What all workers know. */
  readonly survey: Survey;
  /** What all nodes of the cluster know. */
  readonly outlooks: Outlooks;
  /** What they know of how a stream is doing. */
  readonly witness: Witness;
  /** The last hour. */
  readonly chronicle: Chronicle;
  /** The configuration as it runs. */
  readonly options: () => readonly RunningOption[];
  readonly version: string;
  /** Where RTMP is played; known once all modules listen. */
  rtmpPort: number | undefined;
}

/** Begins to measure; {@link stopServices} ends that. */
export function createServices(context: Context, options: () => readonly RunningOption[] = () => []): Services {
  const { clock, hub } = context;
  const traffic = new Traffic(hub, clock.wall());
  const rates = new Rates(clock, () => counted(context, traffic));
  const machine = new Machine(clock);
  const survey = new Survey({ context, rates, traffic, machine });
  const [guard, identity] = [new Guard(context), makeIdentity(context.siblings.run)];
  const [witness, chronicle] = [new Witness({ context, traffic }), new Chronicle(context, traffic)];
  const measured = { machine, rates, traffic, survey, outlooks: new Outlooks(context), witness, chronicle };
  return { context, guard, identity, ...measured, options, version: packageVersion(), rtmpPort: undefined };
}

/** Ends what {@link createServices} has begun. */
export function stopServices({ rates, witness, chronicle }: Services): void {
  rates.stop();
  witness.stop();
  chronicle.stop();
}

function* counted({ hub, sessions }: Context, traffic: Traffic): Generator<Counted> {
  yield [traffic.since, traffic];
  for (const { since, counters } of hub.streams) yield [since, counters];
  for (const session of sessions) yield [session.since, session];
}
