import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  codecName,
  formatAudio,
  formatBitrate,
  formatBytes,
  formatCount,
  formatDuration,
  formatMs,
  formatPercent,
  formatResidual,
  formatSize,
  protocolName,
} from './format.ts';

function check<T extends unknown[]>(name: string, format: (...args: T) => string, cases: [T, string][]): void {
  test(name, () => {
    for (const [args, expected] of cases) assert.equal(format(...args), expected, JSON.stringify(args));
  });
}

check('bit rates use the unit that keeps them short', formatBitrate, [
  [[0], '0 kbit/s'],
  [[-3], '0 kbit/s'],
  [[NaN], '0 kbit/s'],
  [[811.6], '812 kbit/s'],
  [[2449], '2.4 Mbit/s'],
  [[1_500_000], '1.5 Gbit/s'],
]);
check('bytes use decimal units', formatBytes, [
  [[0], '0 B'],
  [[999], '999 B'],
  [[1500], '1.5 kB'],
  [[4_200_000], '4.2 MB'],
  [[5e15], '5000.0 TB'],
  [[NaN], '0 B'],
]);
check('durations read like a clock', formatDuration, [
  [[-1], '0:00'],
  [[7_900], '0:07'],
  [[3_723_000], '1:02:03'],
  [[3 * 86_400_000 + 14_700_000], '3d 04:05'],
]);
check('an unknown picture size is left out', formatSize, [
  [[1280, 720], '1280×720'],
  [[0, 0], ''],
]);
check('codecs have their usual names', codecName, [
  [['H264'], 'H.264'],
  [['HEVC'], 'H.265'],
  [['Opus'], 'Opus'],
]);
check('audio tells its rate and channels', formatAudio, [
  [[44100, 'stereo'], '44.1 kHz stereo'],
  [[48000, ''], '48 kHz'],
  [[0, '单声道'], '单声道'],
  [[0, ''], ''],
]);
check('viewers are told by what they watch', protocolName, [
  [['flv-play'], 'HTTP-FLV'],
  [['ws-flv-play'], 'WS-FLV'],
  [['rtmp-play'], 'RTMP'],
]);
check('large numbers have their thousands set apart', formatCount, [
  [[999], '999'],
  [[1_234_567], '1,234,567'],
]);
check('short times are as exact as it matters', formatMs, [
  [[0], '0.0 ms'],
  [[1.42], '1.4 ms'],
  [[9.97], '10 ms'],
  [[502.3], '502 ms'],
]);
check('a share that is not nothing is not shown as nothing', formatPercent, [
  [[0], '0'],
  [[0.0001], '<0.1'],
  [[0.081], '8.1'],
  [[1], '100.0'],
]);
check('what stays lost is told by its power of ten', formatResidual, [
  [[0], '0'],
  [[0.000_003_2], '3e−6'],
  [[0.012], '1e−2'],
]);
