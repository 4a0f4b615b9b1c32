import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseUrl, machineAddress } from './url.ts';

const cases: [scheme: string, host: string, port: number, url: string][] = [
  ['rtmp', '::', 1935, 'rtmp://machine'],
  ['rtmp', '0.0.0.0', 1936, 'rtmp://machine:1936'],
  ['http', '127.0.0.1', 8080, 'http://127.0.0.1:8080'],
  ['http', '::1', 80, 'http://[::1]'],
  ['https', '10.0.0.1', 443, 'https://10.0.0.1'],
];

for (const [scheme, host, port, url] of cases) {
  test(`${scheme} on ${host}, port ${port}, is reached at ${url}`, () =>
    assert.equal(baseUrl(scheme, { host, port }, 'machine'), url));
}

test('this machine has an address for others, or is localhost', () => {
  assert.match(machineAddress(), /^(\d{1,3}(\.\d{1,3}){3}|localhost)$/);
});
