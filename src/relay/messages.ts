import { isIP } from 'node:net';
import { z } from 'zod';
import { ByteReader } from '../base/byte-reader.ts';
import { ByteWriter } from '../base/byte-writer.ts';
import { ProtocolError } from '../base/errors.ts';
import type { Lineup, Stream } from '../hub/stream.ts';
import type { Track } from '../media/track.ts';
import { MOST_FLOWS } from '../net/flows.ts';
import { MOST_WATCHING } from '../net/watching.ts';
import { hops, trace, traced } from './way-told.ts';
import { readTrack, writeTrack } from './wire/track.ts';

/** The protocol, by ALPN, in which nodes speak. */
export const PROTOCOL = 'headwater/1';

/** An edge has no more addresses that matter. */
export const MOST_HOSTS = 64;
/** Of so many streams at most a node tells others what they have asked for: a message has its limit. */
export const MOST_SURVEYED = 400;

const count = z.number().int().nonnegative();
const nodeId = z.string().max(64);
const text = z.string().max(1024);
const name = z.string().max(256);
/** Who a client is, the parameters of his URL, and by which servers he came. */
const client = z.string().max(64);
const query = z.array(z.tuple([text, z.string().max(4096)])).max(64);
const via = z.string().max(1024);

const u32 = count.max(2 ** 32 - 1);
/** Of so many bytes, in base64. */
const bytes = (length: number) => z.string().refine((it) => Buffer.from(it, 'base64').length === length);

const port = z.int().min(1).max(65_535);
/** An IP address as the system writes it. */
const address = z.string().refine((it) => isIP(it) !== 0);

/** How an edge comes by UDP: to which port of the origin, under which number, and the keys of control datagrams both ways. */
const mediaOffer = z.object({ port, connection: u32, up: bytes(16), down: bytes(16) });

/** When it was sent by the wall clock of the sender, in microseconds, and the same of the newest one that had come, and how long ago. */
const clockSign = z.object({ sent: z.number(), echo: z.object({ sent: z.number(), held: z.number() }).optional() });

/**
 * Sent by both ends of a control stream: first who one is, then, again and again, that one is still there. An edge that lost its
 * control stream alone names the connection by UDP that it has; it is offered again if the origin still has it, else another.
 * `process` is another one each time the origin starts.
 */
const control = z.object({
  op: z.literal('control'),
  node: nodeId,
  connection: u32.optional(),
  media: mediaOffer.optional(),
  clock: clockSign.optional(),
  process: nodeId.optional(),
});
const alive = z.object({ op: z.literal('alive'), clock: clockSign.optional() });
/** How the edge wants its streams protected: see `link/protection.ts`. */
const span = z.int().min(1000).max(10_000_000);
const loss = z.number().min(0).max(0.9);
const steadyProtection = z.object({ span, share: z.number().min(0).max(1) });
const fittedProtection = z.object({
  span,
  loss,
  left: loss,
  burst: z.number().min(1).max(1000),
  target: z.number().min(1e-12).max(1),
});
/** How the edge wants its repairs weighed: see `link/copies.ts`. */
const policy = z.object({
  op: z.literal('policy'),
  target: z.number().min(1e-12).max(1),
  spare: z.number().min(0).max(4),
  fec: z.union([steadyProtection, fittedProtection]).optional(),
});

/** Where an edge hears what is pushed to it, besides groups. */
const pushPlace = z.object({ hosts: z.array(address).max(MOST_HOSTS), port });
/**
 * The first message of a subscription; who names its connection by UDP wants media that way, this many microseconds late. Who is
 * being sent it already, and lost the stream of its subscription alone, names it.
 */
const mediaWish = z.object({
  connection: u32,
  latency: count.max(60_000_000),
  ssrc: u32.optional(),
  pushed: pushPlace.optional(),
});
/** How far the subscriber has seen the stream: the token of its owner, and the newest time. Heeded among members of one cluster. */
const seen = z.object({ token: count, dts: z.number().optional() });
const subscribe = z.object({
  op: z.literal('subscribe'),
  path: text,
  media: mediaWish.optional(),
  seen: seen.optional(),
});

/** The first and only message of one who wants to know when this process is gone; it is refused as gone where it is another one. */
const watch = z.object({ op: z.literal('watch'), process: nodeId.optional() });
/** The first message of a member of the cluster to which the stream is being published as well, and the answer if it may have it. */
const claim = z.object({ op: z.literal('claim'), path: text });
const yielded = z.object({ op: z.literal('yielded') });

/**
 * The first message of a member of the cluster that wants to know what this node has, or instead what goes between it and others, or
 * who watches one stream. Of streams and flows those that are watched most, or carry most, are told; nodes of older versions tell streams.
 */
const survey = z.object({ op: z.literal('survey'), flows: z.literal(true).optional(), watching: text.optional() });
const watching = z.object({ node: nodeId, protocol: z.string().max(32), viewers: count });
const flow = z.object({
  ...{ from: nodeId, to: nodeId, streams: count },
  media: z.enum(['udp', 'multicast', 'push', 'reliable']),
  ...{ bytes: count.optional(), packets: count.optional(), lost: count.optional() },
});
const surveyed = z.object({
  op: z.literal('surveyed'),
  streams: z
    .array(z.object({ path: text, isOwner: z.boolean(), viewers: count }))
    .max(MOST_SURVEYED)
    .readonly(),
  /** When it was looked, by the wall clock of the node, in microseconds. */
  flows: z.object({ at: z.number(), flows: z.array(flow).max(MOST_FLOWS).readonly() }).optional(),
  watching: z.array(watching).max(MOST_WATCHING).readonly().optional(),
});

/** The first message of one who wants to know what there is, and the answers to it: a stream is there, or begins. */
const follow = z.object({ op: z.literal('follow') });
const published = z.object({ op: z.literal('published'), path: text });

/**
 * Media comes by UDP: the keys of its packets, where it begins, how many records come before it, behind this message, and where
 * it is pushed, if it is.
 */
const mediaGrant = z.object({
  ssrc: u32,
  key: bytes(16),
  salt: bytes(12),
  sequence: u32,
  chain: count.max(0xffff),
  records: count,
  pushed: z.object({ host: address, port }).optional(),
});

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
  media: mediaGrant.optional(),
  /** The id of the session that sends it. */
  session: name.optional(),
});

/** Where a publisher stands on the timeline of its stream: see `hub/standing.ts`. */
const standing = z.object({ token: count, anchor: z.number(), shift: z.number() });
/**
 * The first message of an edge at which a stream is published that is to be the origin's: who publishes it, with the parameters of
 * his URL, and by which servers he came. What follows when it is `accepted` is what an origin sends to a subscriber.
 */
const publish = z.object({
  op: z.literal('publish'),
  path: text,
  /** The same when it comes again. */
  id: z.string().max(64),
  remote: client,
  query,
  role: z.enum(['main', 'backup']).optional(),
  via: via.optional(),
  standing: standing.optional(),
  /** The way from the edge back to him. */
  way: hops.optional(),
});
/** The first message of an edge that wants to know whether somebody may play there, and the answer when he may. */
const may = z.object({
  op: z.literal('may'),
  path: text,
  remote: client,
  query,
  protocol: z.string().max(32),
  via,
});
const granted = z.object({ op: z.literal('granted') });
const accepted = z.object({ op: z.literal('accepted') });
/** The origin has all records whose `seq` is below `next`, and tells where they stand if that is known. */
const taken = z.object({ op: z.literal('taken'), next: count, standing: standing.optional() });

/** The first message of one who wants a file that is made of a stream, such as a segment of HLS. */
const fetch = z.object({ op: z.literal('fetch'), path: text, file: z.string().max(128) });
/** The answer to it, when there is such a file; pieces of so many bytes in all follow. */
const file = z.object({ op: z.literal('file'), size: count });

/** Why there is no stream, or file, or no more of it; `code` is one of `RefusalCode`. */
const ended = z.object({ op: z.literal('ended'), code: text, message: text });

const message = z.discriminatedUnion('op', [
  control,
  alive,
  policy,
  subscribe,
  watch,
  claim,
  yielded,
  survey,
  surveyed,
  trace,
  traced,
  announce,
  fetch,
  file,
  follow,
  published,
  publish,
  may,
  granted,
  accepted,
  taken,
  ended,
]);

/** What nodes tell each other besides frames. */
export type RelayMessage = z.infer<typeof message>;
/** How an edge comes by UDP. */
export type MediaOffer = z.infer<typeof mediaOffer>;
/** What an edge says that wants its media by UDP. */
export type MediaWish = z.infer<typeof mediaWish>;
/** What it must know to take it. */
export type MediaGrant = z.infer<typeof mediaGrant>;
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

/** Says what a stream is at present, which session sends it, and how its media comes if not behind this message. */
export function announcementOf(
  { lease, epoch, lineup = {}, tracks }: Stream,
  session: string,
  media?: MediaGrant,
): Announcement {
  const told = [...tracks.values()].filter(({ config }) => config.length <= LARGEST_TOLD);
  const { token, anchor } = lease;
  return {
    op: 'announce',
    token,
    ...(anchor !== undefined && { anchor }),
    epoch,
    lineup: lineup as Announcement['lineup'],
    tracks: told.map(encodeTrack),
    ...(media && { media }),
    session,
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
