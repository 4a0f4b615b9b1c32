import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { multicastInterface, ownAddresses } from './interfaces.ts';

const [name] = Object.entries(networkInterfaces()).find(([, all]) =>
  all?.some(({ address }) => address === '127.0.0.1'),
)!;

test('an interface is found by its name and by its addresses', () => {
  assert.equal(multicastInterface(name, 4), '127.0.0.1');
  assert.equal(multicastInterface('127.0.0.1', 4), '127.0.0.1');
  assert.equal(multicastInterface('127.0.0.1', 6), `::%${name}`);
  assert.equal(multicastInterface(name, 6), `::%${name}`);
});

test('one that is not there is named', () => {
  assert.throws(() => multicastInterface('nothing7', 4), /no network interface nothing7 with an address of IPv4/);
  assert.throws(() => multicastInterface('192.0.2.77', 6), /no network interface 192\.0\.2\.77/);
});

test('what other machines reach this one by are its addresses but those of itself', () => {
  assert.ok(!ownAddresses().includes('127.0.0.1'));
});
