import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { startApi, TOKEN } from '../../test/support/api-server.ts';
import { api } from './index.ts';
import type { Document } from './openapi.ts';
import { apiPage, refusalPage } from './page.ts';

const server = await startApi({ after }, [api({ access: 'admin', streams: 1 })]);

test('the page shows every operation of the document', async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const document = (await server.get('/api/v1/openapi.json')) as unknown as Document;
  const page = await (await server.fetch('/api', { headers })).text();
  const count = Object.entries(document.paths).reduce((sum, [path, methods]) => {
    assert.ok(page.includes(`<code>${path}</code>`), path);
    return sum + Object.keys(methods).length;
  }, 0);
  assert.ok(count >= 13);
  assert.equal(page.match(/<details>/g)!.length, count);
  assert.match(page, /2048/);
  assert.match(page, /<td>count<\/td>|<code>count<\/code>/);
});

test('the page needs nothing from outside: no script, and no style but the one that its policy names', async () => {
  const response = await server.fetch('/api/', { headers: { authorization: `Bearer ${TOKEN}` } });
  const page = await response.text();
  const style = /<style>(.*)<\/style>/s.exec(page)![1]!;
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = response.headers.get('content-security-policy')!;
  assert.ok(policy.includes(`style-src 'sha256-${hash}'`));
  assert.match(policy, /^default-src 'none';/);
  assert.doesNotMatch(page, /<script|<link|<img|\son\w+=|\sstyle=/);
});

test('strangers are told where to log in, and nothing else', async () => {
  const response = await server.fetch('/api');
  const page = await response.text();
  assert.equal(response.status, 401);
  assert.match(page, /href="\/"/);
  assert.doesNotMatch(page, /api\/v1/);
});

test('text is shown as text', () => {
  const evil = '<script>alert("&")</script>';
  const parameters = [{ name: evil, in: 'query', required: false, description: evil, schema: { type: evil } }];
  const content = { 'application/json': { example: evil, schema: { properties: { [evil]: { type: evil } } } } };
  const responses = { 200: { description: evil, content }, [evil]: { description: evil } };
  const operation = { tags: [evil], summary: evil, security: [], parameters, requestBody: { content }, responses };
  const info = { title: evil, version: evil, description: evil };
  const document = { info, paths: { [evil]: { [evil]: operation } } } as unknown as Document;
  for (const page of [apiPage(document), refusalPage(evil)]) {
    assert.ok(page.includes('&lt;script&gt;alert('));
    assert.ok(!page.includes('<script'));
  }
});
