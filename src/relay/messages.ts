import { z } from 'zod';
import { ByteReader } from '../base/byte-reader.ts';
import { ByteWriter } from '../base/byte-writer.ts';
import { ProtocolError } from '../base/errors.ts';
import type { Lineup, Stream } from '../hub/stream.ts';
import type { Track } from '../media/track.ts';
import { readTrack, writeTrack } from './wire/track.ts';

/** The protocol, by ALPN, in which nodes speak. */
export const PROTOCOL = 'headwater/1';

const count = z.number().int().nonnegative();
const nodeId = z.string().max(64);
const text = z.string().max(1024);

/** Sent by both ends of a control stream: first who one is, then, again and again, that one is still there. */
const control = z.object({ op: z.literal('control'), node: nodeId });
const alive = z.object({ op: z.literal('alive') });

/** The first message of a subscription. */
const subscribe = z.object({ op: z.literal('subscribe'), path: text });

/** The answer to it, when the stream is there; records follow. */
const announce = z.object({
  op: z.literal('announce'),
  token: count,
  /** The wall clock at the stream's time 0: two owners that agree on it share one timeline. */
  anchor: z.number().optional(),
  epoch: count,
  lineup: z.object({
    video: z.enum(['h264', 'h265', 'av1', 'vp9', 'vp8']).optional(),
    audio: z.enum(['aac', 'mp3', 'opus', 'flac', 'ac3', 'eac3']).optional(),
  }),
  /** As `wire/track.ts` writes them, in base64. */
  tracks: z.array(z.string()).max(2),
});

/** Why there is no stream, or no more of it; `code` is one of `RefusalCode`. */
const ended = z.object({ op: z.literal('ended'), code: text, message: text });

const message = z.discriminatedUnion('op', [control, alive, subscribe, announce, ended]);

/** What nodes tell each other besides frames. */
export type RelayMessage = z.infer<typeof message>;
/** The message that begins a mirror. */
export type Announcement = z.infer<typeof announce>;

/** A message from its JSON in UTF-8. Throws {@link ProtocolError}. */
export function readRelayMessage(body: Uint8Array): RelayMessage {
  try {
    return message.parse(JSON.parse(Buffer.from(body).toString()));
  } catch {
    throw new ProtocolError(`not a message of ${PROTOCOL}: ${Buffer.from(body.subarray(0, 100)).toString()}`);
  }
}

/** Configurations larger than this come with their first frame alone: JSON has its limit. */
const LARGEST_TOLD = 16 * 1024;

/** Says what a stream is at present. */
export function announcementOf({ lease, epoch, lineup = {}, tracks }: Stream): Announcement {
  const told = [...tracks.values()].filter(({ config }) => config.length <= LARGEST_TOLD);
  const { token, anchor } = lease;
  return {
    op: 'announce',
    token,
    ...(anchor !== undefined && { anchor }),
    epoch,
    lineup: lineup as Announcement['lineup'],
    tracks: told.map(encodeTrack),
  };
}

/** The codec families that were announced. */
export function lineupOf({ lineup: { video, audio } }: Announcement): Lineup {
  return { ...(video && { video }), ...(audio && { audio }) };
}

/** The tracks that were announced. Throws {@link ProtocolError}. */
export function tracksOf({ tracks }: Announcement): Track[] {
  return tracks.map((track) => readTrack(new ByteReader(Buffer.from(track, 'base64'))));
}

function encodeTrack(track: Track): string {
  const writer = new ByteWriter();
  writeTrack(writer, track);
  return Buffer.from(writer.finish()).toString('base64');
}
