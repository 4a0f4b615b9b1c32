import assert from 'node:assert/strict';
import { test } from 'node:test';
import { urlOf } from './server.ts';

const cases: [template: string, path: string, url: string][] = [
  ['rtmp://h/[app]/[stream]', '__defaultVhost__/live/movie', 'rtmp://h/live/movie'],
  ['http://h:8080/[app]/[stream].flv', 'a.org/live/movie', 'http://h:8080/live/movie.flv?vhost=a.org'],
  ['rtmp://h/[app]/[stream]?token=x', 'a.org/live/movie', 'rtmp://h/live/movie?token=x&vhost=a.org'],
  ['rtmp://h/[app]/[stream]?vhost=b.org', 'a.org/live/movie', 'rtmp://h/live/movie?vhost=b.org'],
  ['rtmp://h/[app]/[stream]?token=x&vhost=b.org', 'a.org/live/movie', 'rtmp://h/live/movie?token=x&vhost=b.org'],
  ['rtmp://h/[vhost]-[app]/[stream]', 'a.org/live/movie', 'rtmp://h/a.org-live/movie'],
];

for (const [template, path, url] of cases) {
  test(`${path} is at ${url} by ${template}`, () => assert.equal(urlOf(template, path), url));
}
