import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNLIMITED } from '../net/places.ts';
import { RoomGauge, type Usage } from './room.ts';

const IDLE: Usage = { cpu: 0, cores: 1, viewers: 0, bitrate: 0, viewed: 0, delay: 0 };

test('a node has room for what it is built for', () => {
  assert.equal(new RoomGauge({ bandwidth: 0, viewers: 10 }).read({ ...IDLE, viewers: 4 }).places, 6);
  assert.equal(new RoomGauge({ bandwidth: 100e6, viewers: 0 }).read(IDLE).places, 40);
  assert.equal(new RoomGauge({ bandwidth: 100e6, viewers: 10 }).read(IDLE).places, 10);
  assert.equal(new RoomGauge({ bandwidth: 0, viewers: 10 }).read({ ...IDLE, viewers: 12 }).places, 0);
  assert.equal(new RoomGauge({ bandwidth: 0, viewers: 0 }).read(IDLE).places, UNLIMITED);
});

test('the share in use is the greatest of all', () => {
  const capacity = { bandwidth: 100e6, viewers: 100 };
  const share = (usage: Partial<Usage>) => {
    const gauge = new RoomGauge(capacity);
    for (let i = 0; i < 50; i++) gauge.read({ ...IDLE, ...usage });
    return gauge.read({ ...IDLE, ...usage }).share;
  };
  assert.ok(Math.abs(share({ cpu: 0.7 }) - 0.7) < 0.01);
  assert.equal(share({ bitrate: 60e6 }), 0.6);
  assert.equal(share({ viewers: 50, bitrate: 5e6, viewed: 5e6 }), 0.5);
  assert.equal(share({ delay: 300 }), 1);
  assert.equal(share({ delay: 40 }), 0);
});

test('of several cores each counts', () => {
  const gauge = new RoomGauge({ bandwidth: 0, viewers: 0 });
  const usage = { ...IDLE, cpu: 2, cores: 4, viewers: 1000 };
  for (let i = 0; i < 50; i++) gauge.read(usage);
  const { share, cost } = gauge.read(usage);
  assert.ok(Math.abs(share - 0.5) < 0.01 && Math.abs(cost - 0.0005) < 1e-5, `${share} ${cost}`);
  assert.equal(new RoomGauge({ bandwidth: 0, viewers: 0 }).read({ ...IDLE, cores: 4 }).cost, 1 / 8000);
});

test('those who have just come count as much as those who are there', () => {
  const gauge = new RoomGauge({ bandwidth: 100e6, viewers: 0 });
  for (let i = 0; i < 50; i++) gauge.read({ ...IDLE, viewers: 10, bitrate: 10e6, viewed: 10e6 });
  const { share, places, cost } = gauge.read({ ...IDLE, viewers: 50, bitrate: 12e6, viewed: 12e6 });
  assert.ok(share > 0.35 && share < 0.51, `${share}`);
  assert.ok(places > 50 && cost > 0, `${places}`);
});

test('where no limit is known a viewer costs what the others cost of a core', () => {
  const gauge = new RoomGauge({ bandwidth: 0, viewers: 0 });
  for (let i = 0; i < 50; i++) gauge.read({ ...IDLE, cpu: 0.5, viewers: 500 });
  assert.ok(Math.abs(gauge.read({ ...IDLE, cpu: 0.5, viewers: 500 }).cost - 0.001) < 1e-5);
});
