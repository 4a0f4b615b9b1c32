import assert from 'node:assert/strict';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { assertMonotonic, content, framesOf, headersOf } from './frames.ts';
import type { TestServer } from './server.ts';
import { type Owner, until } from './until.ts';
import type { Viewer } from './viewer.ts';
import { PLAIN_OUTPUTS, watch } from './watch.ts';

/** Many viewers of one stream, a third each by RTMP, HTTP-FLV and WS-FLV. */
export class Crowd {
  readonly viewers: readonly Viewer[];

  private constructor(viewers: readonly Viewer[]) {
    this.viewers = viewers;
  }

  /** Resolves when all of them are known to the server, whether or not there is a stream yet. */
  static async gather(owner: Owner, server: TestServer, name: string, size: number): Promise<Crowd> {
    const viewers: Viewer[] = [];
    for (let i = 0; i < size; i++)
      viewers.push(await watch(owner, server, PLAIN_OUTPUTS[i % PLAIN_OUTPUTS.length], name));
    return new Crowd(viewers);
  }

  /** Resolves when everybody has so many video frames. */
  async gets(videoFrames: number): Promise<void> {
    const isVideoFrame = (tag: FlvTag) => framesOf([tag], 'video').length > 0;
    await Promise.all(this.viewers.map((viewer) => viewer.gets(videoFrames, isVideoFrame)));
  }

  /** The smallest number of video frames that anybody has. */
  get fewest(): number {
    return Math.min(...this.viewers.map(({ tags }) => framesOf(tags, 'video').length));
  }

  /** Resolves when nobody has got anything for so many milliseconds. */
  async fallsSilent(milliseconds: number): Promise<void> {
    let seen = -1;
    let since = 0;
    await until('the stream falls silent', () => {
      const total = this.viewers.reduce((sum, { tags }) => sum + tags.length, 0);
      if (total !== seen) since = performance.now();
      seen = total;
      return performance.now() - since > milliseconds;
    });
  }

  /** Fails if anybody was thrown out, or was sent a time that goes back. */
  assertUndisturbed(): void {
    for (const { reason, tags } of this.viewers) {
      assert.equal(reason, undefined, 'no viewer is disconnected');
      assertMonotonic(tags);
    }
  }

  /**
   * Fails unless everybody has a beginning of the first clip and, straight after it, the second clip from its first key
   * frame on; with sequence headers as often as told.
   */
  assertFollowed(
    first: readonly FlvTag[],
    second: readonly FlvTag[],
    headers: { readonly video: number; readonly audio: number },
  ): void {
    const [before, after] = [first, second].map((tags) => framesOf(tags, 'video').map(content));
    for (const { tags } of this.viewers) {
      const got = framesOf(tags, 'video').map(content);
      const cut = got.indexOf(after[0], 1);
      assert.ok(cut > 0, 'the second clip is there, with its first key frame');
      assert.deepEqual(got.slice(0, cut), before.slice(0, cut), 'before the gap');
      assert.deepEqual(got.slice(cut), after.slice(0, got.length - cut), 'after the gap');
      const counted = { video: headersOf(tags, 'video').length, audio: headersOf(tags, 'audio').length };
      assert.deepEqual(counted, headers, 'sequence headers');
    }
  }
}
