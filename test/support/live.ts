import type { FlvTag } from '../../src/container/flv/tag.ts';
import { framesOf } from './frames.ts';
import { allGet, publisher, sendFromStart } from './publish.ts';
import type { RtmpClient } from './rtmp-client.ts';
import type { TestServer } from './server.ts';
import type { Owner } from './until.ts';
import type { Viewer } from './viewer.ts';
import { type Output, PLAIN_OUTPUTS, watchAll } from './watch.ts';

/** A stream that has begun, its publisher and its viewers. */
export interface Live {
  readonly viewers: ReadonlyMap<Output, Viewer>;
  readonly client: RtmpClient;
}

/** What viewers hear at the end of a stream; FLV by HTTP has no words for it. */
export const GONE: Readonly<Record<string, RegExp>> = {
  rtmp: /NetStream\.Play\.UnpublishNotify: .* has ended/,
  'http-flv': /^closed$/,
  'ws-flv': /^1000 .*has ended/,
};

/** The same when the codecs change from H.264 to H.265. */
export const CHANGED: Readonly<Record<string, RegExp>> = {
  rtmp: /NetStream\.Play\.UnpublishNotify: the stream's codecs changed from h264\+aac to h265\+aac/,
  'http-flv': /^closed$/,
  'ws-flv': /^1000 the stream's codecs changed/,
};

/** Publishes the beginning of a stream; resolves when a viewer by each output, who was there before, has all of it. */
export async function live(t: Owner, on: TestServer, beginning: readonly FlvTag[], name: string): Promise<Live> {
  const viewers = await watchAll<Output>(t, on, PLAIN_OUTPUTS, name);
  const client = await publisher(t, on, name);
  await sendFromStart(client, beginning, viewers.values());
  await allGet(viewers.values(), framesOf(beginning).length);
  return { viewers, client };
}
