/** Kilobits per second as people say it: `812 kbit/s`, `2.4 Mbit/s`. */
export function formatBitrate(kbps: number): string {
  if (!(kbps > 0)) return '0 kbit/s';
  if (kbps < 1000) return `${Math.round(kbps)} kbit/s`;
  if (kbps < 1_000_000) return `${(kbps / 1000).toFixed(1)} Mbit/s`;
  return `${(kbps / 1_000_000).toFixed(1)} Gbit/s`;
}

/** Bytes in decimal units: `312 B`, `4.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = Math.max(0, bytes) || 0;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A number with its thousands set apart: `25,311`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en');
}

/** A short time: `101 ms`, below ten milliseconds with one decimal. */
export function formatMs(ms: number): string {
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** A share (0–1) in percent, without the sign: `8.1`; more than nothing is never shown as 0. */
export function formatPercent(share: number): string {
  if (share <= 0) return '0';
  return share < 0.0005 ? '<0.1' : (100 * share).toFixed(1);
}

/** A share of packets that stay lost: `3e−6`, with a minus at which no line is broken. */
export function formatResidual(share: number): string {
  return share > 0 ? share.toExponential(0).replace('-', '−') : '0';
}

/** A span of milliseconds as a clock: `0:07`, `1:02:03`, `3d 04:05`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000)) || 0;
  const pad = (value: number) => String(value).padStart(2, '0');
  const [days, hours, minutes] = [
    Math.floor(seconds / 86400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days}d ${pad(hours)}:${pad(minutes)}`;
  if (hours > 0) return `${hours}:${pad(minutes)}:${pad(seconds % 60)}`;
  return `${minutes}:${pad(seconds % 60)}`;
}

/** A moment of the day, of Unix milliseconds, in the visitor's own zone: `09:05:07`. */
export function formatClock(moment: number): string {
  return new Date(moment).toLocaleTimeString('en-GB');
}

/** A moment with its date in the visitor's own zone, as his language (`en`, `zh`) has it. */
export function formatMoment(moment: number, language: string): string {
  const options = { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' } as const;
  return new Date(moment).toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', options);
}

/** Picture size: `1280×720`; empty where unknown. */
export function formatSize(width: number, height: number): string {
  return width > 0 && height > 0 ? `${width}×${height}` : '';
}

const codecNames: Readonly<Record<string, string>> = { H264: 'H.264', HEVC: 'H.265', H265: 'H.265' };

/** A codec as people name it, from the API's name: `H264` → `H.264`. */
export function codecName(codec: string): string {
  return codecNames[codec] ?? codec;
}

/** Sampling rate and channels of an audio track, these in words or empty where unknown: `48 kHz stereo`. */
export function formatAudio(sampleRate: number, channels: string): string {
  return [sampleRate > 0 ? `${sampleRate / 1000} kHz` : '', channels].filter(Boolean).join(' ');
}

/** What a viewer watches by, from the API's type of client: `flv-play` → `HTTP-FLV`. */
export function protocolName(type: string): string {
  const name = type.replace(/-play$/, '').toUpperCase();
  return name === 'FLV' ? 'HTTP-FLV' : name;
}
