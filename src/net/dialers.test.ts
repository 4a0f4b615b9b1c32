import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dialers } from './dialers.ts';

test('a stream that has been here before is refused, by whatever way it was told', () => {
  const [here, there] = [new Dialers(), new Dialers()];
  const via = there.via(here.via());
  assert.equal(via, `${here.id} ${there.id}`);
  for (const told of [via, `1.1 ${here.id}, 1.1 proxy`]) assert.throws(() => here.checkVia(told), /leads back/);
  assert.equal(new Dialers().checkVia(via), via);
});

test('what a peer does not tell, or not as text, is nothing', () => {
  for (const told of [undefined, null, 7, '', {}]) assert.equal(new Dialers().checkVia(told), '');
});

test('who came by too many servers is refused', () => {
  assert.throws(() => new Dialers().checkVia(Array.from({ length: 17 }, (_, i) => `n${i}`).join(' ')), /too many/);
  assert.throws(() => new Dialers().checkVia('x'.repeat(600)), /too many/);
});
