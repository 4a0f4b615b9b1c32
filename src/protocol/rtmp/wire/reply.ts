import type { AmfObject, AmfValue } from '../../../container/flv/amf0.ts';
import { amf0, amfObject, ecmaArray, isAmfObject } from '../../../container/flv/amf0.ts';
import { command } from './command.ts';

/** What flash clients want to hear of the server: encoders switch features by it. */
const SERVER_VERSION = '3,5,3,888';

/** Enhanced RTMP 2, "connect": every codec is forwarded as it comes. */
const CAN_FORWARD = 4;
/** The codecs of enhanced RTMP that we take and give. */
export const VIDEO_FOURCC: readonly string[] = ['avc1', 'hvc1', 'av01', 'vp09', 'vp08'];
/** The same for sound. */
export const AUDIO_FOURCC: readonly string[] = ['mp4a', 'Opus', 'fLaC', 'ac-3', 'ec-3', '.mp3'];
/** Enhanced RTMP 2, CapsExMask: ModEx (4) and nanosecond timestamps (8). */
const CAPABILITIES_EX = 4 | 8;

/** What an `onStatus` says. */
export interface Status {
  readonly level: 'status' | 'error';
  /** Such as `NetStream.Play.Start`. */
  readonly code: string;
  readonly description: string;
  /** More properties, such as `clientid`. */
  readonly extra?: Readonly<Record<string, AmfValue>>;
}

/** The payload that accepts `connect`, whose command object is `asked` (RTMP 1.0, 7.2.1.1). */
export function connectResult(transactionId: number, asked: AmfObject): Uint8Array {
  const properties = amfObject({ fmsVer: `FMS/${SERVER_VERSION}`, capabilities: 127, mode: 1, ...enhancements(asked) });
  const info = statusObject({
    level: 'status',
    code: 'NetConnection.Connect.Success',
    description: 'Connection succeeded',
    extra: { objectEncoding: asked.objectEncoding === 3 ? 3 : 0, data: ecmaArray({ version: SERVER_VERSION }) },
  });
  return command('_result', transactionId, properties, info);
}

/** The payload that refuses `connect` (RTMP 1.0, 7.2.1.1). */
export function connectError(transactionId: number, description: string): Uint8Array {
  const info = statusObject({ level: 'error', code: 'NetConnection.Connect.Rejected', description });
  return command('_error', transactionId, null, info);
}

/** The payload that says after `connect` that no bandwidth test will come: some clients wait for it. */
export function onBwDone(): Uint8Array {
  return command('onBWDone', 0, null);
}

/** The payload that answers `createStream` (RTMP 1.0, 7.2.1.3). */
export function createStreamResult(transactionId: number, streamId: number): Uint8Array {
  return command('_result', transactionId, null, streamId);
}

/** The payload that answers `releaseStream`, `FCPublish`, `FCUnpublish`: done. */
export function emptyResult(transactionId: number): Uint8Array {
  return command('_result', transactionId, null, undefined);
}

/** The payload that answers a call that is not known (`_checkbw`, `getStreamLength`): nothing. */
export function nullResult(transactionId: number): Uint8Array {
  return command('_result', transactionId, null, null);
}

/** The payload of `onStatus` (RTMP 1.0, 7.2.2), and of its two older names for publishers. */
export function onStatus(status: Status, name: 'onStatus' | 'onFCPublish' | 'onFCUnpublish' = 'onStatus'): Uint8Array {
  return command(name, 0, null, statusObject(status));
}

/** The payload of the data message that lets a Flash player look at the samples. */
export function sampleAccess(): Uint8Array {
  return amf0('|RtmpSampleAccess', true, true);
}

function statusObject({ level, code, description, extra }: Status): AmfObject {
  return amfObject({ level, code, description, ...extra });
}

/** Enhanced RTMP 2: who tells his capabilities is told ours, each property in answer to its like. */
function enhancements(asked: AmfObject): Record<string, AmfValue> {
  const ours: Record<string, AmfValue> = {};
  if (Array.isArray(asked.fourCcList)) ours.fourCcList = [...VIDEO_FOURCC, ...AUDIO_FOURCC];
  if (isAmfObject(asked.videoFourCcInfoMap)) ours.videoFourCcInfoMap = infoMap(VIDEO_FOURCC);
  if (isAmfObject(asked.audioFourCcInfoMap)) ours.audioFourCcInfoMap = infoMap(AUDIO_FOURCC);
  if (typeof asked.capsEx === 'number') ours.capsEx = CAPABILITIES_EX;
  return ours;
}

function infoMap(codes: readonly string[]): AmfObject {
  return amfObject(Object.fromEntries(codes.map((code) => [code, CAN_FORWARD])));
}
