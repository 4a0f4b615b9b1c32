import type { ClusterNode, ConfigOption, LogLine, NodeFlow, NodeHistory, StreamDetail } from '../src/operator.ts';

/** What is measured of a stream, with `change` made to it. */
export function streamDetail(change: Partial<StreamDetail> = {}): StreamDetail {
  return {
    tracks: [
      { kind: 'audio', codec: 'AAC', profile: 'LC', form: '48 kHz × 2', frames_per_second: 46.88, kbps: 128 },
      { kind: 'video', codec: 'H264', profile: 'High', form: '1280×720', frames_per_second: 29.97, kbps: 2320 },
    ],
    ...{ gop_ms: 2000, silent_ms: 8, window_ms: 2900, window_bytes: 901_120 },
    ...{ publishes: 1, backups: 0, jumps: 0, undecodable: 0, skipped: 0 },
    publisher: { client: 'c1', ip: '192.0.2.17', protocol: 'rtmp', encoder: 'Lavf' },
    ...change,
  };
}

/** A node of the cluster, with `change` made to it. */
export function clusterNode(id: string, change: Partial<ClusterNode> = {}): ClusterNode {
  return {
    ...{
      id,
      role: 'origin',
      self: false,
      reached: true,
      name: '',
      region: '',
      draining: false,
      empty: false,
      version: '1.0.0',
      since_ms: Date.now() - 3_600_000,
    },
    ...{ cpu: 0.12, cores: 1, streams: 4, viewers: 120, publishers: 0, kbps: 240_000 },
    ...change,
  };
}

/** What flows by UDP from one node to another, as the other counts it, with `change` made to it. */
export function nodeFlow(from: string, to: string, change: Partial<NodeFlow> = {}): NodeFlow {
  const counted = { bytes: 1_000_000, packets: 1000, lost: 0 };
  return { from, to, by: to, at_ms: Date.now(), media: 'udp', streams: 1, ...counted, ...change };
}

/** Some steps of a node's last hour up to now; `viewers` go up by one with each. */
export function nodeHistory(id: string, steps: number, change: Partial<NodeHistory> = {}): NodeHistory {
  const last = Math.floor(Date.now() / 5000) * 5000;
  const made = <T>(value: (step: number) => T) => Array.from({ length: steps }, (_, step) => value(step));
  return {
    ...{ id, self: true, time_ms: made((step) => last - (steps - 1 - step) * 5000) },
    ...{ viewers: made((step) => step), streams: made(() => 2), recv_kbps: made(() => 2450) },
    ...{ send_kbps: made(() => 9800), cpu: made(() => 0.081), delay_ms: made(() => 1.42), memory: made(() => 1.5e8) },
    ...change,
  };
}

/** A line of the log, with `change` made to it. */
export function logLine(id: number, message: string, change: Partial<LogLine> = {}): LogLine {
  return { id, level: 'info', time: '2026-11-21T07:15:28.749Z', session: '', message, fields: {}, ...change };
}

/** An option with a value other than its default. */
export function changedOption(name: string, value: string): ConfigOption {
  return { name, value, default: '10s', is_default: false, comment: 'What it is good for.' };
}
