/**
 * Viewers of low-latency HLS, in a process of their own: `viewers.ts PORT COUNT`. Each asks as hls.js does: for a playlist, which
 * waits for the next part, and beside it for one part after another, on two connections.
 *
 * Prints one line of JSON when all have begun, and one (`Watched`) for every line that it reads, of what was since the last.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { Connection } from './connection.ts';
import type { Watched } from './load.ts';

const MASTER = '/live/stream.m3u8';
const JOINS_A_SECOND = 200;
const PART = /#EXT-X-PART:DURATION=([\d.]+),URI="(\d+\.\d+)\.m4s"/g;
const HINT = /#EXT-X-PRELOAD-HINT:TYPE=PART,URI="(\d+)\.(\d+)\.m4s"/;

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const began = { parts: 0, playlists: 0, late: 0, failed: 0, bytes: 0, at: performance.now() };
let fault = '';
const delays: number[] = [];

/** What a playlist says. */
interface Said {
  /** Names and lengths in milliseconds, the oldest first. */
  readonly parts: readonly { readonly name: string; readonly duration: number }[];
  readonly next: string;
}

let lastBody = Buffer.alloc(0);
let lastSaid: Said = { parts: [], next: '' };

/** All who ask at the same time are told the same: it is read once. */
function read(body: Buffer): Said {
  if (body.equals(lastBody)) return lastSaid;
  const text = (body[0] === 0x1f ? gunzipSync(body) : body).toString();
  const parts = Array.from(text.matchAll(PART), ([, duration, name]) => ({
    name: name!,
    duration: Number(duration) * 1000,
  }));
  const [, segment, part] = HINT.exec(text) ?? [];
  lastBody = Buffer.from(body);
  return (lastSaid = { parts, next: `?_HLS_msn=${segment}&_HLS_part=${part}` });
}

class Viewer {
  readonly #playlists = new Connection(port, fail);
  readonly #media = new Connection(port, fail);
  #folder = '/live/';
  /** The newest part that was asked for. */
  #newest = '';
  #queue: { readonly name: string; readonly due: number }[] = [];
  #isLoading = false;

  async run(): Promise<void> {
    const master = await this.#playlists.get(MASTER, true);
    if (master.status !== 200) return fail(`HTTP status ${master.status} for the master playlist`);
    const uri = /^\S+\.m3u8$/m.exec((master.body[0] === 0x1f ? gunzipSync(master.body) : master.body).toString())?.[0];
    if (uri) this.#folder = `/live/${uri.slice(0, uri.lastIndexOf('/') + 1)}`;
    const first = await this.#playlists.get(`${this.#folder}media.m3u8`, true);
    if (first.status !== 200) return fail(`HTTP status ${first.status} for the first playlist`);
    void this.#watch(this.#take(read(first.body), true));
  }

  async #watch(said: Said): Promise<void> {
    for (let next = said.next; ; ) {
      const { status, body } = await this.#playlists.get(`${this.#folder}media.m3u8${next}`, true);
      began.playlists++;
      if (status !== 200) return fail(`HTTP status ${status} for a playlist`);
      ({ next } = this.#take(read(body), false));
    }
  }

  /** Has the parts loaded that are new; of the first playlist the last one. */
  #take(said: Said, isFirst: boolean): Said {
    const from = isFirst ? said.parts.length - 2 : said.parts.findLastIndex(({ name }) => name === this.#newest);
    const now = performance.now();
    for (const { name, duration } of said.parts.slice(from + 1)) {
      this.#newest = name;
      this.#queue.push({ name, due: now + duration });
    }
    if (!this.#isLoading) void this.#load(now);
    return said;
  }

  async #load(told: number): Promise<void> {
    this.#isLoading = true;
    for (let part = this.#queue.shift(); part; part = this.#queue.shift()) {
      const { status } = await this.#media.get(`${this.#folder}${part.name}.m4s`, false);
      const now = performance.now();
      began.parts++;
      delays.push(now - told);
      if (status !== 200) return fail(`HTTP status ${status} for a part`);
      // It took longer than it plays.
      if (now > part.due) began.late++;
    }
    this.#isLoading = false;
  }

  get received(): number {
    return this.#playlists.received + this.#media.received;
  }
}

function fail(reason: string): void {
  began.failed++;
  fault ||= reason;
}

const viewers: Viewer[] = [];
const joining: Promise<void>[] = [];
for (let i = 0; i < count; i++) {
  const viewer = new Viewer();
  viewers.push(viewer);
  joining.push(viewer.run());
  await sleep(1000 / JOINS_A_SECOND);
}
await Promise.all(joining);
console.log(JSON.stringify({ viewers: count }));

createInterface(process.stdin)
  .on('line', () => {
    const bytes = viewers.reduce((sum, { received }) => sum + received, 0);
    const now = performance.now();
    const { parts, playlists, late, failed } = began;
    const sorted = delays.toSorted((a, b) => a - b);
    const delay = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    const watched: Watched = {
      ...{ parts, playlists, late, failed, fault, delay },
      bytes: bytes - began.bytes,
      seconds: (now - began.at) / 1000,
    };
    console.log(JSON.stringify(watched));
    Object.assign(began, { parts: 0, playlists: 0, late: 0, failed: 0, bytes, at: now });
    delays.length = 0;
  })
  .on('close', () => process.exit(0));
