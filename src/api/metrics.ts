import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, type MetricObject, Registry } from 'prom-client';
import type { Hub } from '../hub/hub.ts';
import type { Delay } from '../hub/passage.ts';
import type { Recordings } from '../hub/recordings.ts';
import type { Sessions } from '../hub/session.ts';
import type { Admission } from '../net/admission.ts';
import type { Callbacks } from '../net/callbacks.ts';
import type { Links } from '../net/links.ts';
import type { MemoryWatch } from '../net/memory.ts';
import type { Pacer } from '../net/pacer.ts';
import type { Routes } from '../net/routes.ts';
import type { Siblings } from '../net/siblings.ts';
import { LinkMetrics } from './link-metrics.ts';
import { MostWatched } from './most-watched.ts';
import type { Traffic } from './traffic.ts';

/** Whose numbers are shown. */
export interface MetricsSources {
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly admission: Admission;
  readonly memory: Pick<MemoryWatch, 'shed'>;
  readonly pacer: Pacer;
  readonly recordings: Pick<Recordings, 'counters' | 'running'>;
  readonly traffic: Traffic;
  readonly links: Links;
  readonly routes: Routes;
  readonly callbacks: Callbacks;
  readonly siblings: Siblings;
}

/** Microseconds in a second: Prometheus counts in seconds. */
const SECOND = 1_000_000;

/** The numbers of the process itself, which has them once however many servers run in it. */
let ofProcess: Registry | undefined;

function processRegistry(): Registry {
  if (!ofProcess) collectDefaultMetrics({ register: (ofProcess = new Registry()), prefix: 'headwater_' });
  return ofProcess;
}

/** The numbers of a server, all its workers together, in Prometheus' text format. They are looked up when they are asked for. */
export class Metrics {
  /** The `content-type` of {@link text}. */
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #sources: MetricsSources;
  readonly #streams: MostWatched;
  /** Begins to measure now. */
  readonly #process = processRegistry();
  readonly #registry = new Registry();
  readonly #node = this.#nodeMetrics();
  readonly #callback = this.#callbackMetrics();
  readonly #recording = this.#recordingMetrics();
  readonly #stream = this.#streamMetrics();
  readonly #link = new LinkMetrics(this.#registry);

  /** `streams` is how many streams, those with most viewers, are shown one by one; the others are one, named `other`. */
  constructor(sources: MetricsSources, streams: number) {
    const { siblings, traffic } = sources;
    this.#sources = sources;
    this.#streams = new MostWatched(traffic, streams);
    // Processes are told apart: each has a core of its own to be used up.
    if (siblings.count > 1) this.#process.setDefaultLabels({ worker: siblings.worker });
    siblings.answer('metrics', () => this.#values());
  }

  async text(): Promise<string> {
    const { siblings } = this.#sources;
    if (siblings.count > 1) {
      const others = (await siblings.ask('metrics')) as MetricObject[][];
      return AggregatorRegistry.aggregate([await this.#values(), ...others]).metrics();
    }
    this.#count();
    const parts = await Promise.all([this.#process.metrics(), this.#registry.metrics()]);
    return parts.join('');
  }

  /** Those of this worker. */
  async #values(): Promise<MetricObject[]> {
    this.#count();
    const parts = await Promise.all([this.#process.getMetricsAsJSON(), this.#registry.getMetricsAsJSON()]);
    return parts.flat() as MetricObject[];
  }

  #count(): void {
    this.#registry.resetMetrics();
    this.#countNode();
    this.#countCallbacks();
    this.#countRecordings();
    this.#countStreams();
    this.#link.count(this.#sources.links);
  }

  #countNode(): void {
    const { hub, sessions, admission, memory, pacer, traffic, routes } = this.#sources;
    const node = this.#node;
    node.connections.set(admission.total);
    node.refused.inc(admission.refused);
    node.shed.inc(memory.shed);
    node.streams.set([...hub.streams].filter(({ mirrored }) => !mirrored?.isInner).length);
    node.received.inc(traffic.bytesIn);
    node.sent.inc(traffic.bytesOut);
    node.intervals.inc(pacer.counters.intervals / SECOND);
    node.bursts.inc(pacer.counters.bursts);
    node.busy.inc(pacer.counters.spent / SECOND);
    node.reconnects.inc(routes.reconnects);
    node.lost.inc(routes.skipped);
    for (const { state } of routes) node.routes.inc({ state });
    for (const { protocol, role, isInner } of sessions)
      if (!isInner) node.sessions.inc({ protocol, role: role ?? 'none' });
  }

  #countCallbacks(): void {
    const { counters, waiting } = this.#sources.callbacks;
    const metrics = this.#callback;
    metrics.waiting.set(waiting);
    for (const [event, { retried, spent, ...results }] of counters) {
      for (const [result, count] of Object.entries(results)) metrics.calls.inc({ event, result }, count);
      metrics.retried.inc({ event }, retried);
      metrics.spent.inc({ event }, spent / SECOND);
    }
  }

  #countRecordings(): void {
    const { counters, running } = this.#sources.recordings;
    const metrics = this.#recording;
    metrics.running.set(running.size);
    metrics.failing.set([...running.values()].filter(({ trouble }) => trouble !== undefined).length);
    metrics.troubles.inc(counters.troubles);
    metrics.written.inc(counters.bytes);
    metrics.missing.inc(counters.missed);
    metrics.finished.inc(counters.finished);
    metrics.recovered.inc(counters.recovered);
    metrics.removed.inc(counters.removed);
  }

  #countStreams(): void {
    const metrics = this.#stream;
    for (const { stream, counts, keyframeInterval, windowBytes, viewers, delay } of this.#streams.look(
      this.#sources.hub.streams,
    )) {
      metrics.received.inc({ stream }, counts.bytesIn);
      metrics.sent.inc({ stream }, counts.bytesOut);
      metrics.frames.inc({ stream, kind: 'video' }, counts.videoFrames);
      metrics.frames.inc({ stream, kind: 'audio' }, counts.audioFrames);
      metrics.skipped.inc({ stream }, counts.skipped);
      metrics.undecodable.inc({ stream }, counts.undecodable);
      metrics.jumps.inc({ stream }, counts.timelineJumps);
      metrics.reanchored.inc({ stream }, counts.reanchored);
      metrics.publishes.inc({ stream }, counts.publishes);
      metrics.window.set({ stream }, windowBytes);
      if (keyframeInterval > 0) metrics.keyframeInterval.set({ stream }, keyframeInterval / SECOND);
      if (delay) this.#countDelay(stream, delay);
      for (const [protocol, count] of viewers) metrics.viewers.set({ stream, protocol }, count);
    }
  }

  #countDelay(stream: string, { total: { p50, p99 }, added }: Delay): void {
    const { delay, addedDelay } = this.#stream;
    delay.set({ stream, quantile: '0.5' }, p50 / SECOND);
    delay.set({ stream, quantile: '0.99' }, p99 / SECOND);
    if (added !== undefined) addedDelay.set({ stream }, added / SECOND);
  }

  #nodeMetrics() {
    return {
      connections: this.#gauge('connections', 'Connections at present.'),
      refused: this.#counter('connections_refused_total', 'Connections turned away because of a limit.'),
      shed: this.#counter('viewers_shed_total', 'Viewers closed because memory stayed above its limit.'),
      streams: this.#gauge('streams', 'Streams, those included that wait for their publisher.'),
      sessions: this.#gauge('sessions', 'Connected peers by protocol and by what they do.', 'protocol', 'role'),
      routes: this.#gauge('routes', 'Routes to and from other servers, by how they are doing.', 'state'),
      reconnects: this.#counter('route_reconnects_total', 'How often a route was begun again.'),
      lost: this.#counter('route_skipped_frames_total', 'Frames published here that no origin got in time.'),
      received: this.#counter('received_bytes_total', 'Media bytes from publishers.'),
      sent: this.#counter('sent_bytes_total', 'Media bytes to viewers.'),
      intervals: this.#counter(
        'fanout_burst_seconds_sum',
        'Time from one burst of writes to the next; with the count, its mean.',
      ),
      bursts: this.#counter('fanout_burst_seconds_count', 'Bursts of writes to viewers.'),
      busy: this.#counter('fanout_busy_seconds_total', 'Time spent encoding for viewers and writing to them.'),
    };
  }

  #callbackMetrics() {
    return {
      calls: this.#counter(
        'callbacks_total',
        'Callbacks by what became of them: ok, refused, failed (no answer), dropped (too many waited).',
        'event',
        'result',
      ),
      waiting: this.#gauge('callbacks_waiting', 'Callbacks that wait to be told.'),
      retried: this.#counter('callback_retries_total', 'How often a callback had to be tried again.', 'event'),
      spent: this.#counter('callback_seconds_total', 'How long callbacks took to answer, all together.', 'event'),
    };
  }

  #recordingMetrics() {
    return {
      running: this.#gauge('recordings', 'Streams that are being recorded.'),
      failing: this.#gauge(
        'recordings_failing',
        'Streams among them of which frames are not being written at present.',
      ),
      troubles: this.#counter('recording_troubles_total', 'How often recording a stream began to fail.'),
      written: this.#counter('recorded_bytes_total', 'Bytes written to recordings.'),
      missing: this.#counter('recording_missing_frames_total', 'Frames known to be missing in recordings.'),
      finished: this.#counter('recordings_finished_total', 'Files finished.'),
      recovered: this.#counter('recordings_recovered_total', 'Files finished that were left unfinished by a crash.'),
      removed: this.#counter('recordings_removed_total', 'Files removed because of their age, or for room.'),
    };
  }

  #streamMetrics() {
    return {
      received: this.#counter('stream_received_bytes_total', 'Media bytes from the publishers of a stream.', 'stream'),
      sent: this.#counter('stream_sent_bytes_total', 'Media bytes to the viewers of a stream.', 'stream'),
      frames: this.#counter('stream_frames_total', 'Frames of a stream.', 'stream', 'kind'),
      skipped: this.#counter(
        'stream_skipped_frames_total',
        'Frames that viewers missed because they were too slow.',
        'stream',
      ),
      undecodable: this.#counter(
        'stream_undecodable_frames_total',
        'Video frames dropped because they came before the key frame they need.',
        'stream',
      ),
      jumps: this.#counter('stream_timeline_jumps_total', 'Jumps of the timestamps that were mended.', 'stream'),
      reanchored: this.#counter(
        'stream_timeline_reanchored_total',
        'Jumps of one track alone: audio may be apart from video since.',
        'stream',
      ),
      publishes: this.#counter('stream_publishes_total', 'How often a publisher began on a stream.', 'stream'),
      window: this.#gauge('stream_window_bytes', 'What the frames of a stream take in memory.', 'stream'),
      keyframeInterval: this.#gauge(
        'stream_keyframe_interval_seconds',
        'Time between the last two key frames.',
        'stream',
      ),
      delay: this.#gauge(
        'stream_delay_seconds',
        'How late frames come to this node, since they came in at the one to which they are published.',
        'stream',
        'quantile',
      ),
      addedDelay: this.#gauge(
        'stream_added_delay_seconds',
        'What the way from the node before adds to the median of that.',
        'stream',
      ),
      viewers: this.#gauge('stream_viewers', 'Viewers of a stream at present.', 'stream', 'protocol'),
    };
  }

  #gauge(name: string, help: string, ...labelNames: string[]): Gauge {
    return new Gauge({ name: `headwater_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name: `headwater_${name}`, help, labelNames, registers: [this.#registry] });
  }
}
