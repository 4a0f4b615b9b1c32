import { ProtocolError } from '../../base/errors.ts';
import { type AmfValue, amf0, amfObject, isAmfObject, readAllAmf0 } from '../../container/flv/amf0.ts';
import { metadataBody } from '../../container/flv/body.ts';
import type { Track } from '../../media/track.ts';

/** What is known of an FLV file when it is finished. */
export interface FlvSummary {
  /** Seconds between the first frame and the last. */
  readonly duration: number;
  /** In bytes. */
  readonly size: number;
  /** Where key frames begin, and their times in seconds. */
  readonly keyframes: readonly { readonly position: number; readonly time: number }[];
}

/** Room for the index, in bytes: the metadata are made so large before any key frame is known. */
const RESERVED = 24 * 1024;
/** So many key frames have room in it; of more, only some are listed. */
const MOST_KEYFRAMES = 1024;

/** In bytes: a text with its head, and the head alone (AMF0, 2.4). */
const LONGEST_FILLER = 500;
const TEXT_HEAD = 3;

const EMPTY: FlvSummary = { duration: 0, size: 0, keyframes: [] };
/** Where the body of the first tag begins: header, PreviousTagSize0 and the tag's own header (FLV 10.1, E.2 to E.4.1). */
export const FLV_METADATA_AT = 13 + 11;
/** How long that body is, in our files. */
export const FLV_METADATA_SIZE = RESERVED;

/** The body of an `onMetaData` that {@link completeMetadata} can fill in later. */
export function reservedMetadata(tracks: readonly Track[]): Uint8Array {
  return completeMetadata(metadataBody(tracks), EMPTY);
}

/** The same metadata with duration, size and index of key frames, in exactly the reserved size. Throws ProtocolError for others. */
export function completeMetadata(body: Uint8Array, summary: FlvSummary): Uint8Array {
  const [name, properties] = readAllAmf0(body);
  if (name !== 'onMetaData' || !isAmfObject(properties)) throw new ProtocolError('no onMetaData at the beginning');
  const write = (filler: string[]) => amf0(name, Object.assign(properties, propertiesOf(summary), { filler }));
  return write(fillerOf(RESERVED - write([]).length));
}

/** Texts that together take so much room, none longer than FFmpeg reads without complaint. */
function fillerOf(room: number): string[] {
  const texts: string[] = [];
  let left = room;
  for (; left > 2 * LONGEST_FILLER; left -= LONGEST_FILLER) texts.push(' '.repeat(LONGEST_FILLER - TEXT_HEAD));
  return [...texts, ' '.repeat(left - TEXT_HEAD)];
}

/** What players and tools have looked for since the days of Flash. */
function propertiesOf({ duration, size, keyframes }: FlvSummary): Record<string, AmfValue> {
  const step = Math.ceil(keyframes.length / MOST_KEYFRAMES) || 1;
  const listed = keyframes.filter((_, i) => i % step === 0);
  const index: Record<string, AmfValue> = {
    filepositions: listed.map(({ position }) => position),
    times: listed.map(({ time }) => time),
  };
  // FFmpeg warns of an index that leads nowhere.
  return { duration, filesize: size, keyframes: listed.length < 2 ? null : amfObject(index) };
}
