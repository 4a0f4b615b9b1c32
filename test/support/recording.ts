import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { MILLISECOND, SECOND, VirtualClock } from '../../src/base/clock.ts';
import { Hub } from '../../src/hub/hub.ts';
import type { Publisher } from '../../src/hub/publisher.ts';
import { Sessions } from '../../src/hub/session.ts';
import type { Stream } from '../../src/hub/stream.ts';
import type { AudioTrack, VideoTrack } from '../../src/media/track.ts';
import { type Manifest, readManifest } from '../../src/record/manifest.ts';
import { type RecordOptions, recordOptions } from '../../src/record/options.ts';
import { Recorder, type RecorderEvents } from '../../src/record/recorder.ts';
import { MemoryDisk } from './memory-disk.ts';

/** The path of all streams here. */
export const PATH = '__defaultVhost__/live/movie';

/** A picture of H.264 that nobody can decode. */
export const VIDEO: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  config: Uint8Array.of(1, 100, 0, 31, 255, 225, 0, 0, 1, 0, 0),
  width: 1280,
  height: 720,
  parameter: 'avc1.64001f',
  profile: 'High',
  level: '3.1',
};
/** Sound of AAC: stereo, 48 kHz. */
export const AUDIO: AudioTrack = {
  kind: 'audio',
  codec: 'aac',
  config: Uint8Array.of(0x11, 0x90),
  sampleRate: 48_000,
  channels: 2,
  parameter: 'mp4a.40.2',
  profile: 'LC',
};

const WINDOW = { duration: 2 * SECOND, bytes: 32 * 1024 * 1024 };
const HUB = { window: WINDOW, grace: 60 * SECOND, stopGrace: 0, takeover: 'always', staleAfter: SECOND } as const;
/** How long a picture lasts, in microseconds. */
export const PICTURE = 40 * MILLISECOND;
/** How long a sound lasts, in microseconds. */
export const SOUND = 20 * MILLISECOND;

/** Options of `record` over the defaults, as they stand in the file. */
export function optionsOf(overrides: Readonly<Record<string, unknown>> = {}): RecordOptions {
  return recordOptions.parse({ folder: '/rec', name: '[stream]', ...overrides });
}

/** A stream that a test publishes and a recorder records, on a clock of its own. */
export class Studio {
  readonly clock = new VirtualClock();
  readonly disk = new MemoryDisk();
  readonly hub = new Hub({ ...HUB, segment: SECOND }, this.clock);
  readonly sessions = new Sessions(this.clock);
  /** What the recorder has told. */
  readonly told: string[] = [];
  isShort = false;
  missed = 0;
  publisher!: Publisher;
  recorder: Recorder | undefined;
  /** How many frames were sent since the first key frame. */
  sent = { video: 0, audio: 0 };
  video = VIDEO;
  #time = 0;
  readonly #ending = new AbortController();

  get stream(): Stream {
    return this.hub.find(PATH)!;
  }

  async publish(): Promise<void> {
    const session = this.sessions.open({ protocol: 'test', remote: '192.0.2.1', close: () => {} });
    this.publisher = await this.hub.publish(PATH, session, new AbortController().signal);
  }

  /** Publishes, sends the first frames and begins to record; `done` resolves to why that ended. */
  async record(overrides: Readonly<Record<string, unknown>> = {}): Promise<{ done: Promise<unknown> }> {
    await this.publish();
    this.#frames(1);
    const events: RecorderEvents = {
      opened: ({ file }) => this.told.push(`opened ${file}`),
      wrote: () => {},
      finished: ({ file }, { missing }) =>
        this.told.push(`finished ${file}${missing > 0 ? ` without ${missing}` : ''}`),
      left: ({ file }) => this.told.push(`left ${file}`),
      missed: (frames) => (this.missed += frames),
      trouble: (reason) => this.told.push(reason ?? 'fine'),
    };
    const ground = { options: optionsOf(overrides), disk: this.disk, clock: this.clock, isShort: () => this.isShort };
    this.recorder = new Recorder(ground, this.stream, events);
    this.hub.observe(({ type }) => type === 'unpublished' && this.recorder!.flush());
    const done = this.recorder.run(this.#ending.signal).catch((error: unknown) => error);
    return { done };
  }

  /** Sends so many seconds of frames, key frames a second apart, as time goes by and the disk does its work. */
  async send(seconds: number): Promise<void> {
    for (let i = 0; i < seconds * 25; i++) {
      this.#frames(1);
      await this.wait(PICTURE);
    }
  }

  /** Sends so many seconds of frames at once. */
  burst(seconds: number): void {
    this.#frames(seconds * 25);
  }

  /** Lets time go by, in microseconds, and the disk do its work. */
  async wait(time: number): Promise<void> {
    this.clock.advance(time);
    for (let i = 0; i < 12; i++) await turn();
  }

  /** The stream ends; resolves when the recording has. */
  async end(done: Promise<unknown>): Promise<unknown> {
    this.publisher.close(true);
    await this.wait(100 * MILLISECOND);
    return done;
  }

  abort(reason: unknown): void {
    this.#ending.abort(reason);
  }

  manifest(name: string): Manifest {
    const manifest = readManifest(this.disk.text(`/rec/${name}.manifest`));
    assert.ok(manifest, `the manifest of ${name}`);
    return manifest;
  }

  /** One picture after another, two sounds with each. */
  #frames(pictures: number): void {
    for (let i = 0; i < pictures; i++) {
      const [dts, number] = [this.#time, Math.round(this.#time / PICTURE)];
      const data = new Uint8Array(1000).fill(number);
      this.publisher.write({ track: this.video, dts, pts: dts + PICTURE, keyframe: number % 25 === 0, data });
      for (const time of [dts, dts + SOUND])
        this.publisher.write({ track: AUDIO, dts: time, pts: time, keyframe: true, data: new Uint8Array(100) });
      this.sent.video++;
      this.sent.audio += 2;
      this.#time += PICTURE;
    }
  }
}

/** How many frames the fragments of these manifests list. */
export function framesIn(...manifests: readonly Manifest[]): { video: number; audio: number } {
  const fragments = manifests.flatMap((manifest) => manifest.fragments);
  const sum = (kind: 'video' | 'audio') => fragments.reduce((total, each) => total + (each[kind]?.frames ?? 0), 0);
  return { video: sum('video'), audio: sum('audio') };
}
