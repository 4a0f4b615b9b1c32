import assert from 'node:assert/strict';
import { checkPlaylist } from '../../src/container/hls/check.ts';
import { publishFile } from './ffmpeg.ts';
import type { TestServer } from './server.ts';
import { type Owner, until } from './until.ts';

/** The parts of a media playlist that the tests look at. */
export interface Media {
  readonly url: string;
  readonly text: string;
  /** URIs of whole segments, of parts, of the next part. */
  readonly segments: readonly string[];
  readonly parts: readonly string[];
  readonly hint: string;
}

/** The only variant of a master playlist. */
export async function variantOf(server: TestServer, path: string): Promise<string> {
  const answer = await fetch(server.http(path));
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.deepEqual(checkPlaylist(text), [], text);
  return new URL(text.trimEnd().split('\n').at(-1)!, server.http(path)).href;
}

/** A media playlist, which must break no rule. */
export async function mediaAt(url: string): Promise<Media> {
  const answer = await fetch(url);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.deepEqual(checkPlaylist(text), [], text);
  const all = (pattern: RegExp) => Array.from(text.matchAll(pattern), (match) => new URL(match[1]!, url).href);
  return {
    url,
    text,
    segments: all(/^(\d+\.(?:m4s|ts))$/gm),
    parts: all(/EXT-X-PART:.*URI="([^"]+)"/g),
    hint: all(/PRELOAD-HINT:.*URI="([^"]+)"/g)[0] ?? '',
  };
}

/** Publishes a clip again and again, and resolves when it can be played. */
export async function publishForEver(owner: Owner, server: TestServer, file: string, name: string): Promise<void> {
  publishFile(owner, file, server.rtmp(name), '-stream_loop', '-1');
  await isThere(server, name);
}

/** Resolves when a stream can be played. */
export async function isThere(server: TestServer, name: string): Promise<void> {
  await until(
    'the stream is there',
    async () => (await fetch(server.http(`/live/${name}.flv`), { method: 'HEAD' })).ok,
  );
}
