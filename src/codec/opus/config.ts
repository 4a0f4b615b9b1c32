import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { AudioTrack } from '../../media/track.ts';

const OPUS_RATE = 48_000;
const SIZE_WITHOUT_MAPPING = 19;

/** The track of an OpusHead (RFC 7845, 5.1), which is copied; throws when it is malformed. */
export function opusTrack(head: Uint8Array): AudioTrack {
  const reader = new ByteReader(head);
  if (reader.text(8) !== 'OpusHead') throw new ProtocolError('OpusHead expected');
  const version = reader.u8();
  const channels = reader.u8();
  if (version > 15 || channels === 0) throw new ProtocolError(`OpusHead of version ${version}, ${channels} channels`);
  reader.skip(SIZE_WITHOUT_MAPPING - reader.offset);
  return {
    kind: 'audio',
    codec: 'opus',
    config: head.slice(),
    sampleRate: OPUS_RATE,
    channels,
    parameter: 'opus',
    profile: '',
  };
}
