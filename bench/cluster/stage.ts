import { setTimeout as sleep } from 'node:timers/promises';
import { clip } from '../../test/support/clips.ts';
import { spawnMember } from '../../test/support/cluster.ts';
import { content, framesOf } from '../../test/support/frames.ts';
import { longestGap } from '../../test/support/gap.ts';
import { edgeOf } from '../../test/support/nodes.ts';
import { PacedPublisher } from '../../test/support/paced.ts';
import { startRedis, type TestRedis } from '../../test/support/redis.ts';
import { RtmpClient } from '../../test/support/rtmp-client.ts';
import { type Overrides, type SpawnedServer, spawnServer, type TestServer } from '../../test/support/server.ts';
import type { Owner } from '../../test/support/until.ts';
import type { Viewer } from '../../test/support/viewer.ts';
import { watch } from '../../test/support/watch.ts';
import type { Figures } from '../report.ts';
import type { ClusterSettings } from './settings.ts';

const CLIP_LENGTH = 4000;
/** Viewers wait for what does not come at once. */
const PATIENT: Overrides = { play: { wait: '30s' }, log: { level: 'info' } };

/** An encoder that sends the same to several places. */
export interface Encoder {
  /** Breaks off its first connection. */
  kill(): void;
  /** Sends nothing more, and stays. */
  hang(): void;
}

/** Servers, encoders and viewers of one run; all ends with its owner. */
export class Stage {
  readonly settings: ClusterSettings;
  readonly #owner: Owner;

  constructor(owner: Owner, settings: ClusterSettings) {
    this.#owner = owner;
    this.settings = settings;
  }

  redis(before?: TestRedis): Promise<TestRedis> {
    return startRedis(this.#owner, [], before);
  }

  /** A node that knows of others by the directory alone. */
  member(redis: TestRedis, role: 'origin' | 'edge'): Promise<SpawnedServer> {
    return spawnMember(this.#owner, redis, role, PATIENT, this.#place);
  }

  /** A server that knows of no other. */
  server(): Promise<SpawnedServer> {
    return spawnServer(this.#owner, PATIENT, this.#place);
  }

  /** An edge that fetches from these servers by RTMP. */
  async edge(servers: readonly TestServer[]): Promise<SpawnedServer> {
    const origins = servers.map(({ host, ports }) => `rtmp://${host}:${ports['rtmp']}`);
    return spawnServer(this.#owner, await edgeOf(this.#owner, origins, PATIENT), this.#place);
  }

  async encode(...to: readonly [TestServer, name: string][]): Promise<Encoder> {
    const clients = await Promise.all(to.map(([server, name]) => this.#publish(server, name)));
    const send: RtmpClient['send'] = (...tags) => {
      for (const client of clients) if (!client.closed) client.send(...tags);
    };
    const { tags } = await clip('movie');
    const publisher = new PacedPublisher(this.#owner, { send } as RtmpClient, tags, CLIP_LENGTH);
    return { kill: () => void clients[0]!.socket.destroy(), hang: () => publisher.stop() };
  }

  /** What a viewer by each protocol notices of something that happens in the middle of it all. */
  async observe(server: TestServer, name: string, act: () => Promise<void> | void): Promise<Figures> {
    const viewers = [await this.watch(server, 'rtmp', name), await this.watch(server, 'http-flv', name)];
    await Promise.all(viewers.map((viewer) => viewer.gets(1)));
    await this.#wait();
    const began = performance.now();
    await act();
    await this.#wait();
    const worst = (of: (viewer: Viewer) => number) => Math.max(...viewers.map(of));
    const sent = await pictures();
    return {
      'gap ms': worst((viewer) => longestGap(viewer, began)),
      lost: worst((viewer) => lostBy(viewer, sent)),
      backwards: worst(backwards),
      ended: viewers.filter(({ reason }) => reason !== undefined).length,
    };
  }

  watch(server: TestServer, output: 'rtmp' | 'http-flv', name: string): Promise<Viewer> {
    return watch(this.#owner, server, output, name);
  }

  /** From asking for the stream to the last byte of its first key frame, in milliseconds. */
  async firstKeyFrame(server: TestServer, name: string): Promise<number> {
    const began = performance.now();
    const viewer = await this.watch(server, 'http-flv', name);
    const isPicture = (tag: Viewer['tags'][number]) => framesOf([tag], 'video').some(({ keyframe }) => keyframe);
    await viewer.gets(1, isPicture);
    return viewer.times[viewer.tags.findIndex(isPicture)]! - began;
  }

  get #place() {
    return { enter: ['taskset', '-c', this.settings.serverCores] };
  }

  #wait(): Promise<void> {
    return sleep((this.settings.seconds * 1000) / 2);
  }

  async #publish({ ports }: TestServer, name: string): Promise<RtmpClient> {
    const client = await RtmpClient.connect(this.#owner, { port: ports['rtmp']! });
    await client.publish(name);
    return client;
  }
}

/** The pictures of the clip, which is sent over and over, and their places in it. */
async function pictures(): Promise<Map<string, number>> {
  const { tags } = await clip('movie');
  return new Map(framesOf(tags, 'video').map((packet, i) => [content(packet), i]));
}

/** How many pictures are missing. */
function lostBy(viewer: Viewer, sent: Map<string, number>): number {
  const places = framesOf(viewer.tags, 'video').map((packet) => sent.get(content(packet))!);
  const step = (from: number, to: number) => (to - from - 1 + sent.size) % sent.size;
  return places.slice(1).reduce((lost, place, i) => lost + step(places[i]!, place), 0);
}

/** How often times went back. */
function backwards({ tags }: Viewer): number {
  const back = (kind: 'video' | 'audio') => {
    const times = framesOf(tags, kind).map(({ timestamp }) => timestamp);
    return times.filter((time, i) => i > 0 && time < times[i - 1]!).length;
  };
  return back('video') + back('audio');
}
