import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GroupSimulation, type Member } from '../../../test/support/group-simulation.ts';
import type { Conditions } from '../../../test/support/network.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Protection } from './protection.ts';

const ms = (time: number) => time * MILLISECOND;
const LATENCY = ms(500);
const SCENARIOS = 200;

/** An edge in the network of the origin, that loses so much both ways. */
function near(loss: number, group: Conditions = { loss }): Member {
  const way = { delay: ms(2), loss };
  return { group: { delay: ms(2), ...group }, down: way, up: way };
}

/** What became of the edges: by which way each has it, and what it lacks. */
function outcome(simulation: GroupSimulation) {
  return simulation.edges.map((edge) => [edge.edge.wayOf(7), simulation.missing(edge)]);
}

test('edges that hear a group are sent nothing but what they lose, and lack nothing', () => {
  const simulation = new GroupSimulation({ seed: 1, latency: LATENCY, members: [near(0), near(0.05), near(0.1)] });
  simulation.run(5 * SECOND);
  const before = [simulation.pushed, ...simulation.edges.map(({ origin }) => origin.repairer.counters.packets)];
  const packetsBefore = simulation.edges.map(({ down }) => down.counters.bytes);
  const sent = simulation.sender.counters.packets;
  simulation.run(30 * SECOND);
  assert.deepEqual(outcome(simulation), new Array(3).fill(['pushed', []]));
  assert.equal(simulation.pushed - before[0]!, simulation.sender.counters.packets - sent, 'each packet once');
  const shares = simulation.edges.map(
    ({ down }, i) => (down.counters.bytes - packetsBefore[i]!) / simulation.sender.counters.bytes,
  );
  assert.ok(shares[0]! < 0.01 && shares[1]! < 0.1 && shares[2]! < 0.2, shares.join());
});

test('an edge that the group does not reach has its own media, and nothing is pushed for it any more', () => {
  const simulation = new GroupSimulation({ seed: 2, latency: LATENCY, members: [near(0.02, { loss: 1 })] });
  simulation.run(20 * SECOND);
  assert.deepEqual(outcome(simulation), [['own', []]]);
  assert.equal(simulation.asking, 0);
  const { pushed } = simulation;
  assert.equal(simulation.run(40 * SECOND).pushed, pushed);
});

test('a group that falls silent costs no frame, and is taken again when it is heard', () => {
  const silence: Conditions = { outages: [[10 * SECOND, 40 * SECOND]] };
  const simulation = new GroupSimulation({ seed: 3, latency: LATENCY, members: [near(0.01, silence), near(0.01)] });
  const ways = [9, 12, 39, 75].map((at) => simulation.run(at * SECOND).edges[0]!.edge.wayOf(7));
  assert.deepEqual(ways, ['pushed', 'own', 'own', 'pushed']);
  assert.deepEqual(outcome(simulation), new Array(2).fill(['pushed', []]));
});

test('an edge that comes later begins at once, by its own way, and loses nothing on changing over', () => {
  const members = [near(0.05), { ...near(0.05), from: 7 * SECOND }];
  const simulation = new GroupSimulation({ seed: 4, latency: LATENCY, members }).run(20 * SECOND);
  const [, late] = simulation.edges;
  assert.deepEqual(outcome(simulation), new Array(2).fill(['pushed', []]));
  assert.ok(late!.course.cameAt[0]! - late!.since < LATENCY + ms(60), 'one latency after the first frame');
});

test('that the way from the group takes longer is not taken for a queue, which would hold back repairs', () => {
  const far = near(0, { loss: 0.05, delay: ms(30) });
  const simulation = new GroupSimulation({ seed: 6, latency: LATENCY, members: [far] }).run(20 * SECOND);
  assert.deepEqual(outcome(simulation), [['pushed', []]]);
  assert.equal(simulation.edges[0]!.origin.repairer.budget.share, 1.5);
});

test('what all edges lack is sent to all again, not to each', () => {
  const members = new Array<Member>(10).fill(near(0));
  const simulation = new GroupSimulation({ seed: 7, latency: LATENCY, members, trunk: { loss: 0.05 } }).run(
    20 * SECOND,
  );
  assert.deepEqual(outcome(simulation), new Array(10).fill(['pushed', []]));
  const lost = simulation.edges[0]!.course.receiver.counters.lost;
  const alone = simulation.edges.reduce(
    (sum, { origin }) => sum + origin.repairer.counters.packets - origin.shared.packets,
    0,
  );
  assert.ok(
    lost > 50 && simulation.repaired < 1.2 * lost && alone < 2 * lost,
    `${lost} ${simulation.repaired} ${alone}`,
  );
});

test('parity goes to the group once, and what each of many edges loses by itself hardly has to be repaired', () => {
  const members = new Array<Member>(10).fill(near(0.02));
  const run = (protection?: Protection) => {
    const simulation = new GroupSimulation({ seed: 8, latency: LATENCY, members, ...(protection && { protection }) });
    simulation.run(20 * SECOND);
    assert.deepEqual(outcome(simulation), new Array(10).fill(['pushed', []]));
    const repairs = simulation.edges.reduce((sum, { origin }) => sum + origin.repairer.counters.packets, 0);
    return { simulation, repairs };
  };
  const [plain, shielded] = [run(), run({ span: ms(60), share: 0.2 })];
  const { packets } = shielded.simulation.sender.counters;
  assert.ok(shielded.simulation.parity > 0.15 * packets && shielded.simulation.parity < 0.4 * packets);
  assert.ok(shielded.repairs < plain.repairs / 4, `${shielded.repairs} and ${plain.repairs} repairs`);
  for (const { course } of shielded.simulation.edges) assert.ok(course.receiver.counters.restored > 20);
});

test('without latency the group is taken as well', () => {
  const simulation = new GroupSimulation({ seed: 5, latency: 0, members: [near(0), near(0)] }).run(10 * SECOND);
  assert.deepEqual(outcome(simulation), new Array(2).fill(['pushed', []]));
});

test(`${SCENARIOS} groups: no edge gets anything damaged, out of order or early, and only few frames are missed`, () => {
  let [frames, missed] = [0, 0];
  for (let seed = 1; seed <= SCENARIOS; seed++) {
    const { random } = new GroupSimulation({ seed, latency: 0, members: [] }).simulation;
    const share = (most: number) => (random.below(1000) / 1000) * most;
    const way = (): Conditions => ({ delay: ms(1 + share(30)), loss: share(0.1), jitter: ms(share(10)) });
    const member = (): Member => {
      const group = { ...way(), duplicate: share(0.1), reorder: share(0.1), reorderBy: ms(10) };
      const cut = random.below(3) === 0 ? [[ms(share(9000)), ms(share(9000))] as const] : [];
      return { group: { ...group, outages: cut }, down: way(), up: way(), from: ms(share(3000)) };
    };
    const members = Array.from({ length: 1 + random.below(4) }, member);
    const simulation = new GroupSimulation({ seed, latency: LATENCY, members }).run(10 * SECOND);
    for (const edge of simulation.edges) {
      const { came, cameAt, sent } = edge.course;
      frames += came.length;
      missed += simulation.missing(edge).length;
      came.forEach((number, i) => {
        assert.ok(i === 0 || number > came[i - 1]!, `seed ${seed}: record ${number} comes after ${came[i - 1]}`);
        const delay = cameAt[i]! - sent[number]!.at;
        assert.ok(delay > LATENCY - ms(40), `seed ${seed}: record ${number} comes after ${delay / 1000} ms`);
      });
    }
  }
  assert.ok(missed < frames / 10_000, `${missed} of ${frames} frames`);
});
