import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import type { Kind } from '../../media/track.ts';
import { type AmfObject, isAmfObject, readAmf0 } from './amf0.ts';

/** What an `onMetaData` announces. Numbers are 0 and the text is empty where it does not say. */
export interface FlvMetadata {
  /** The kinds of track that will come, or nothing where it names none. */
  readonly kinds: ReadonlySet<Kind> | undefined;
  readonly encoder: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly frameRate: number;
  /** Bits per second. */
  readonly videoBitrate: number;
  readonly audioBitrate: number;
}

/** Properties that only a stream with such a track has, besides hasVideo and hasAudio. */
const SIGNS: Record<Kind, readonly string[]> = {
  video: ['videocodecid', 'width', 'height', 'framerate', 'videodatarate'],
  audio: ['audiocodecid', 'audiosamplerate', 'audiodatarate', 'audiochannels'],
};

/**
 * Reads the body of an FLV script tag or an RTMP data message (FLV 10.1, E.4.4; E-RTMP v2, "Enhancing onMetaData").
 * Returns nothing where it is anything but an `onMetaData`: malformed metadata harms no frame.
 */
export function readMetadata(body: Uint8Array): FlvMetadata | undefined {
  const properties = readProperties(new ByteReader(body));
  return (
    properties && {
      kinds: announcedKinds(properties),
      encoder: text(properties, 'encoder'),
      width: number(properties, 'width'),
      height: number(properties, 'height'),
      frameRate: number(properties, 'framerate'),
      videoBitrate: number(properties, 'videodatarate') * 1000,
      audioBitrate: number(properties, 'audiodatarate') * 1000,
    }
  );
}

function readProperties(reader: ByteReader): AmfObject | undefined {
  try {
    let name = readAmf0(reader);
    if (name === '@setDataFrame') name = readAmf0(reader);
    const properties = name === 'onMetaData' ? readAmf0(reader) : undefined;
    return isAmfObject(properties) ? properties : undefined;
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof RefusedError) return undefined;
    throw error;
  }
}

function announcedKinds(properties: AmfObject): ReadonlySet<Kind> | undefined {
  const kinds = new Set<Kind>();
  if (announces(properties, 'hasVideo', SIGNS.video)) kinds.add('video');
  if (announces(properties, 'hasAudio', SIGNS.audio)) kinds.add('audio');
  return kinds.size === 0 ? undefined : kinds;
}

/** Encoders without a track of a kind write 0, an empty text or nothing for it. */
function announces(properties: AmfObject, flag: string, signs: readonly string[]): boolean {
  const said = properties[flag];
  return typeof said === 'boolean' ? said : signs.some((sign) => Boolean(properties[sign]));
}

function number(properties: AmfObject, key: string): number {
  const value = properties[key];
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

function text(properties: AmfObject, key: string): string {
  const value = properties[key];
  return typeof value === 'string' ? value : '';
}
