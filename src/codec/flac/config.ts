import { ByteReader } from '../../base/byte-reader.ts';
import { concat, equalBytes } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import type { AudioTrack } from '../../media/track.ts';

const MARKER = encodeUtf8('fLaC');
const STREAMINFO_SIZE = 34;
const LAST_BLOCK_STREAMINFO = Uint8Array.of(0x80, 0, 0, STREAMINFO_SIZE);

/** The track of a FLAC header, marker and metadata blocks, copied (RFC 9639, 6 and 8.2). Throws when malformed. */
export function flacTrack(header: Uint8Array): AudioTrack {
  // ffmpeg's FLV muxer sends STREAMINFO alone.
  const bare = header.length === STREAMINFO_SIZE && !isMarked(header);
  const config = bare ? concat([MARKER, LAST_BLOCK_STREAMINFO, header]) : header.slice();
  if (!isMarked(config)) throw new ProtocolError('fLaC expected');
  const reader = new ByteReader(config.subarray(MARKER.length));
  if ((reader.u32() & 0x7fff_ffff) !== STREAMINFO_SIZE) throw new ProtocolError('FLAC STREAMINFO expected');
  const info = new ByteReader(reader.take(STREAMINFO_SIZE));
  info.skip(10); // block and frame sizes
  const rateAndChannels = info.u24();
  if (rateAndChannels >> 4 === 0) throw new ProtocolError('FLAC without a sample rate');
  return {
    kind: 'audio',
    codec: 'flac',
    config,
    sampleRate: rateAndChannels >> 4,
    channels: ((rateAndChannels >> 1) & 7) + 1,
    parameter: 'flac',
    profile: '',
  };
}

function isMarked(header: Uint8Array): boolean {
  return equalBytes(header.subarray(0, MARKER.length), MARKER);
}

/** How many samples per channel each frame of a `flac` track has, but for the last; 0 where they differ (RFC 9639, 8.2). */
export function flacBlockSize(config: Uint8Array): number {
  const info = new ByteReader(config.subarray(MARKER.length + 4));
  const [least, most] = [info.u16(), info.u16()];
  return least === most ? most : 0;
}
