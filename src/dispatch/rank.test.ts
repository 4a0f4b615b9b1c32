import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyCandidate, anyFront, anyWish } from '../../test/support/rush.ts';
import type { NodeFront } from '../net/cluster.ts';
import type { LinesWish } from '../net/dispatch.ts';
import { type RoomNow, UNLIMITED } from '../net/places.ts';
import { lineOf, ticketOf } from './line.ts';
import { type Candidate, fieldOfPublisher, fieldOfViewer } from './rank.ts';

const { path } = anyWish;

/** A node with something of its own. */
function node(id: string, more: Partial<Candidate> = {}, front: Partial<NodeFront> = {}): Candidate {
  return anyCandidate(id, { ...more, front: { ...anyFront, ...front } });
}

function rooms(shares: Readonly<Record<string, number>>, more: Partial<RoomNow> = {}): Map<string, RoomNow> {
  const room = { cost: 0.01, places: UNLIMITED, reserved: 0, ...more };
  return new Map(Object.entries(shares).map(([id, share]) => [id, { ...room, share }]));
}

function ranked(nodes: readonly Candidate[], shares: Readonly<Record<string, number>>, wish: Partial<LinesWish> = {}) {
  const field = fieldOfViewer(nodes, { ...anyWish, ...wish });
  return field
    .ranked(rooms(shares))
    .map(({ id }) => id)
    .join('');
}

test('the emptiest node comes first, places that are given away counted', () => {
  const nodes = [node('a'), node('b'), node('c')];
  assert.equal(ranked(nodes, { a: 0.3, b: 0.1, c: 0.2 }), 'bca');
  const field = fieldOfViewer(nodes, anyWish);
  const some = rooms({ a: 0.3, b: 0.1, c: 0.2 });
  some.set('b', { ...some.get('b')!, reserved: 15 });
  assert.equal(field.best(some), 'c');
  some.set('c', { ...some.get('c')!, places: 0 });
  assert.equal(field.best(some), 'b');
  assert.equal(field.best(rooms({ a: 0, b: 0, c: 0 }, { places: 1, reserved: 1 })), undefined);
});

test('one that has the stream comes before one that does not, unless it is much fuller', () => {
  const nodes = [node('a'), node('b', { fetched: new Set([path]) })];
  assert.equal(ranked(nodes, { a: 0.2, b: 0.22 }), 'ba');
  assert.equal(ranked(nodes, { a: 0.2, b: 0.4 }), 'ab');
});

test('one that is near comes first, by what was measured or by its region', () => {
  const nodes = [node('a', {}, { region: 'east' }), node('b', {}, { region: 'west' })];
  assert.equal(ranked(nodes, { a: 0.5, b: 0.2 }, { region: 'east' }), 'ab');
  assert.equal(ranked(nodes, { a: 0.9, b: 0.2 }, { region: 'east' }), 'ba');
  assert.equal(ranked(nodes, { a: 0.2, b: 0.3 }, { region: 'east', probes: { a: 150, b: 5 } }), 'ba');
});

test('those that are drained, taken for others or excluded are left out; what is excluded only where there is another', () => {
  const nodes = [node('a', { isDraining: true }), node('b', {}, { takes: 'publishers' }), node('c'), node('d')];
  const equal = { a: 0, b: 0, c: 0, d: 0 };
  assert.equal(ranked(nodes, equal), 'cd');
  assert.equal(ranked(nodes, equal, { exclude: ['c'] }), 'd');
  assert.equal(ranked(nodes, equal, { exclude: ['c', 'd'] }), 'cd');
});

test('publishers go to origins, first to the one that has their stream', () => {
  const nodes = [node('a'), node('b', { role: 'origin' }), node('c', { role: 'origin', owned: new Set([path]) })];
  const best = (wish: LinesWish) =>
    fieldOfPublisher(nodes, wish)
      .ranked(rooms({ a: 0, b: 0.1, c: 0.8 }))
      .map(({ id }) => id);
  assert.deepEqual(best(anyWish), ['c', 'b']);
  assert.deepEqual(best({ ...anyWish, path: '__defaultVhost__/live/other' }), ['b', 'c']);
});

test('publishers go to an edge that passes on what it is sent where that is nearer or has much less to do', () => {
  const east = { region: 'east', carries: 'cluster' } as const;
  const origin = node('o', { role: 'origin', owned: new Set([path]) }, { region: 'west' });
  const near = node('n', { role: 'origin' }, { region: 'east' });
  const edge = node('e', {}, east);
  const best = (
    nodes: readonly Candidate[],
    shares: Readonly<Record<string, number>>,
    wish: Partial<LinesWish> = {},
  ) => {
    const field = fieldOfPublisher(nodes, { ...anyWish, path: 'v/live/new', region: 'east', ...wish });
    const found = field.ranked(rooms(shares));
    return found.map(({ id }) => id).join('');
  };
  assert.equal(best([edge, near], { e: 0, n: 0.2 }), 'ne', 'an origin that is as good is better');
  assert.equal(best([edge, near], { e: 0, n: 0.3 }), 'en');
  assert.equal(best([origin, edge], { o: 0, e: 0 }), 'eo');
  assert.equal(best([origin, edge, near], { o: 0, e: 0, n: 0 }, { path }), 'eon', 'it finds the owner by itself');
  assert.equal(best([origin, node('x', {}, { region: 'east' })], { o: 0, x: 0 }), 'o', 'one that keeps it is none');
  assert.equal(
    best([node('d', { role: 'origin', isDraining: true }), edge], { d: 0, e: 0 }),
    '',
    'it has to go somewhere',
  );
  assert.equal(best([node('e', {}, { ...east, carries: 'anywhere' })], { e: 0 }), 'e');
  assert.equal(best([node('e', {}, { ...east, takes: 'viewers' }), origin], { e: 0, o: 0 }), 'o');
});

test('a line has all that a player needs', () => {
  const front = {
    region: 'east',
    protocols: { 'ws-flv': 0, hls: 6000, rtmp: 0 },
  };
  const place = { http: 'http://192.0.2.4', rtmp: 'rtmp://192.0.2.4:1935' };
  const wish = { ...anyWish, path: 'x.org/live/movie', query: 'token=1', probes: { a: 20 } };
  const line = (protocol: string, more: Partial<Candidate> = {}) =>
    lineOf(
      node('a', { name: 'East', place, ...more }, front),
      protocol,
      wish,
      'T',
      rooms({ a: 0.25 }, { reserved: 5 }),
    );
  const query = '?vhost=x.org&token=1&line=T';
  assert.deepEqual(line('ws-flv'), {
    ...{ id: 'a/ws-flv', node: 'a', name: 'East', region: 'east', protocol: 'ws-flv' },
    ...{ url: `ws://192.0.2.4/live/movie.flv${query}`, delay_ms: 510, load: 0.3, has_stream: false },
  });
  assert.equal(line('rtmp')!.url, `rtmp://192.0.2.4:1935/live/movie${query}`);
  assert.equal(line('hls', { owned: new Set([wish.path]) })!.delay_ms, 6010);
  assert.equal(line('http-flv'), undefined);
  const here = { rtmpPort: 1936, isNamed: false };
  const own = (protocol: string) =>
    lineOf(node('a', { here, place }, front), protocol, { ...wish, host: '[::1]:8080' }, 'T', rooms({}));
  assert.equal(own('hls')!.url, `/live/movie.m3u8${query}`);
  assert.equal(own('rtmp')!.url, `rtmp://[::1]:1936/live/movie${query}`);
  assert.equal(own('hls')!.name, '[::1]:8080');
});

test('a viewer has the same ticket whenever he asks, and another one for another stream', () => {
  const ticket = (viewer: string, stream = 'live/a') => ticketOf({ viewer, path: `__defaultVhost__/${stream}` });
  assert.equal(ticket('x'), ticket('x'));
  assert.notEqual(ticket('x'), ticket('y'));
  assert.notEqual(ticket('x'), ticket('x', 'live/b'));
  assert.notEqual(ticket(''), ticket(''));
});
