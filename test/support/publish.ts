import type { FlvTag } from '../../src/container/flv/tag.ts';
import { framesOf } from './frames.ts';
import { RtmpClient } from './rtmp-client.ts';
import type { TestServer } from './server.ts';
import type { Owner } from './until.ts';
import type { Viewer } from './viewer.ts';

/** Publishes `/live/NAME` with our own client; nothing is sent yet. */
export async function publisher(owner: Owner, { host, ports }: TestServer, name: string): Promise<RtmpClient> {
  const client = await RtmpClient.connect(owner, { host, port: ports['rtmp'] });
  await client.publish(name);
  return client;
}

/**
 * Sends all tags as fast as the server takes them, but lets these viewers, who were there before and have `before` frames,
 * begin first: one who joins later begins at the newest key frame.
 */
export async function sendFromStart(
  client: RtmpClient,
  tags: readonly FlvTag[],
  viewers: Iterable<Viewer>,
  before = 0,
): Promise<void> {
  const beginning = Math.max(tags.findIndex(isFrame) + 1, openingLength(tags));
  client.send(...tags.slice(0, beginning));
  await allGet(viewers, before + 1);
  client.send(...tags.slice(beginning));
}

/** Resolves when all viewers have so many frames. */
export async function allGet(viewers: Iterable<Viewer>, frames: number): Promise<void> {
  await Promise.all([...viewers].map((viewer) => viewer.gets(frames, isFrame)));
}

/** Whether a tag holds a frame, and not what describes frames. */
export function isFrame(tag: FlvTag): boolean {
  return framesOf([tag]).length > 0;
}

/** How many tags there are until each kind that comes at all has shown a frame. */
function openingLength(tags: readonly FlvTag[]): number {
  const kinds = (['video', 'audio'] as const).filter((kind) => framesOf(tags, kind).length > 0);
  return Math.max(...kinds.map((kind) => tags.findIndex((tag) => tag.type === kind && isFrame(tag)) + 1));
}
