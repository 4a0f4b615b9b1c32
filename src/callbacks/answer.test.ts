import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTemporary, refusalIn } from './answer.ts';

const yes: [status: number, text: string][] = [
  [200, '0'],
  [201, '0'],
  [200, ' 0\r\n'],
  [200, '{"code":0}'],
  [201, '{"code": 0, "data": null, "msg": "ok"}'],
];

for (const [status, text] of yes)
  test(`${status} with ${JSON.stringify(text)} is a yes`, () => assert.equal(refusalIn({ status, text }), undefined));

const no: [status: number, text: string, reason: string][] = [
  [200, '', 'the answer is empty'],
  [200, ' \n', 'the answer is empty'],
  [200, 'OK', 'the answer is no JSON'],
  [200, '<html>0</html>', 'the answer is no JSON'],
  [200, '{"code":0', 'the answer is no JSON'],
  [200, '00', 'the answer is no JSON'],
  [200, '1', 'the answer has the code 1'],
  [200, '-1', 'the answer has the code -1'],
  [200, '{"code":403}', 'the answer has the code 403'],
  [200, '{"code":"0"}', 'the answer has no code'],
  [200, '{"code":null}', 'the answer has no code'],
  [200, '{"code":false}', 'the answer has no code'],
  [200, '{"code":[0]}', 'the answer has no code'],
  [200, '{"code":0.5}', 'the answer has no code'],
  [200, '{}', 'the answer has no code'],
  [200, '[0]', 'the answer has no code'],
  [200, '"0"', 'the answer has no code'],
  [200, 'null', 'the answer has no code'],
  [200, 'false', 'the answer has no code'],
  [200, '{"__proto__":{"code":0}}', 'the answer has no code'],
  [202, '0', 'the answer has the status 202'],
  [204, '', 'the answer has the status 204'],
  [302, '0', 'the answer has the status 302'],
  [403, '{"code":0}', 'the answer has the status 403'],
  [500, '0', 'the answer has the status 500'],
];

for (const [status, text, reason] of no)
  test(`${status} with ${JSON.stringify(text)} is a no`, () => assert.equal(refusalIn({ status, text }), reason));

test('a server in trouble is asked again, one that has decided is not', () => {
  const statuses = [200, 201, 204, 302, 400, 403, 404, 408, 429, 500, 502, 503, 504];
  const temporary = statuses.filter((status) => isTemporary({ status, text: '' }));
  assert.deepEqual(temporary, [408, 429, 500, 502, 503, 504]);
});
