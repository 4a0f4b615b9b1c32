import assert from 'node:assert/strict';

/** A box of ISO BMFF, read without the server's own code. */
export interface Box {
  readonly type: string;
  /** Where its header begins. */
  readonly at: number;
  /** What follows the header. */
  readonly body: Buffer;
}

/** One sample in a fragment. Times are in units of the track's time scale. */
export interface FragmentSample {
  readonly track: number;
  readonly dts: number;
  readonly pts: number;
  readonly duration: number;
  readonly keyframe: boolean;
  readonly data: Buffer;
}

/** The boxes that stand one after another in `bytes`; fails where they do not fill it. */
export function boxesIn(bytes: Uint8Array): Box[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const boxes: Box[] = [];
  let at = 0;
  while (at < buffer.length) {
    const size = buffer.readUInt32BE(at);
    assert.ok(size >= 8 && at + size <= buffer.length, `a box of ${size} bytes at ${at} of ${buffer.length}`);
    boxes.push({ type: buffer.toString('latin1', at + 4, at + 8), at, body: buffer.subarray(at + 8, at + size) });
    at += size;
  }
  return boxes;
}

/** The one box at a path of types, such as `moov/trak/tkhd`. */
export function boxAt(bytes: Uint8Array, path: string): Box {
  const [type, ...rest] = path.split('/');
  const found = boxesIn(bytes).filter((box) => box.type === type);
  assert.equal(found.length, 1, `one ${type}`);
  return rest.length > 0 ? boxAt(found[0].body, rest.join('/')) : found[0];
}

/** The samples of a fragment, `moof` and `mdat`, whose every sample must be in the `mdat`, one after another, and fill it. */
export function samplesIn(fragment: Uint8Array): { sequence: number; samples: FragmentSample[] } {
  const [moof, mdat, ...more] = boxesIn(fragment);
  assert.deepEqual([moof.type, mdat.type, more], ['moof', 'mdat', []]);
  const [mfhd, ...trafs] = boxesIn(moof.body);
  let end = mdat.at + 8;
  const samples = trafs.flatMap((traf) => {
    const read = trackFragment(traf, fragment, end);
    end = read.end;
    return read.samples;
  });
  assert.equal(end, fragment.length, 'the samples fill the mdat');
  return { sequence: mfhd.body.readUInt32BE(4), samples };
}

function trackFragment(traf: Box, fragment: Uint8Array, start: number) {
  const [tfhd, tfdt, trun] = boxesIn(traf.body);
  assert.deepEqual([traf.type, tfhd.type, tfdt.type, trun.type], ['traf', 'tfhd', 'tfdt', 'trun']);
  assert.equal(tfhd.body.readUInt32BE(0), 0x020020, 'from the moof on, with default flags');
  const [track, defaultFlags] = [tfhd.body.readUInt32BE(4), tfhd.body.readUInt32BE(8)];
  const flags = trun.body.readUInt32BE(0) & 0xffffff;
  assert.equal(trun.body.readUInt32BE(8), start, 'the data begin where those before end');
  const [samples, bytes]: [FragmentSample[], Buffer] = [[], Buffer.from(fragment)];
  let [dts, end, at] = [Number(tfdt.body.readBigUInt64BE(4)), start, 12];
  for (let count = trun.body.readUInt32BE(4); count > 0; count--) {
    const [duration, size] = [trun.body.readUInt32BE(at), trun.body.readUInt32BE(at + 4)];
    const own = flags === 0xf01;
    const isSync = ((own ? trun.body.readUInt32BE(at + 8) : defaultFlags) & 0x10000) === 0;
    const pts = dts + (own ? trun.body.readInt32BE(at + 12) : 0);
    samples.push({ track, dts, pts, duration, keyframe: isSync, data: bytes.subarray(end, end + size) });
    [dts, end, at] = [dts + duration, end + size, at + (own ? 16 : 8)];
  }
  assert.equal(at, trun.body.length, 'the trun is whole');
  return { samples, end };
}
