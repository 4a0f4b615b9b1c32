import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { VideoTrack } from '../../media/track.ts';
import type { PictureSize } from '../picture-size.ts';
import { obus, SEQUENCE_HEADER } from './obu.ts';
import { av1PictureSize } from './sequence-header.ts';

const MARKER_AND_VERSION = 0x81;
const UNBOUNDED_LEVEL = 31;
const PROFILES = ['Main', 'High', 'Professional'];

/**
 * The track of an av1C (AV1-ISOBMFF, 2.3), which is copied. Its size is 0 where the av1C has no sequence header.
 * Throws when it is malformed.
 */
export function av1Track(av1C: Uint8Array): VideoTrack {
  const reader = new ByteReader(av1C);
  const version = reader.u8();
  if (version !== MARKER_AND_VERSION) throw new ProtocolError(`av1C that begins with ${version}`);
  const [profileAndLevel, flags] = [reader.u8(), reader.u8()];
  reader.skip(1); // initial_presentation_delay
  const profile = profileAndLevel >> 5;
  const level = profileAndLevel & 31;
  return {
    kind: 'video',
    codec: 'av1',
    config: av1C.slice(),
    ...sizeFrom(reader.rest()),
    parameter: `av01.${profile}.${pad(level)}${flags & 0x80 ? 'H' : 'M'}.${pad(bitDepth(flags))}`,
    profile: PROFILES[profile] ?? '',
    level: level === UNBOUNDED_LEVEL ? '' : `${2 + (level >> 2)}.${level & 3}`,
  };
}

function sizeFrom(configObus: Uint8Array): PictureSize {
  for (const { type, payload } of obus(configObus)) if (type === SEQUENCE_HEADER) return av1PictureSize(payload);
  return { width: 0, height: 0 };
}

function bitDepth(flags: number): number {
  if ((flags & 0x40) === 0) return 8;
  return flags & 0x20 ? 12 : 10;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
