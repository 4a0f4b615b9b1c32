import { type AmfObject, type AmfValue, amf0, amfObject, isAmfObject } from '../../../container/flv/amf0.ts';
import type { Redirect, RtmpAddress } from './address.ts';
import { command } from './command.ts';
import { AUDIO_FOURCC, VIDEO_FOURCC } from './reply.ts';

/**
 * The payload that opens an application (RTMP 1.0, 7.2.1.1). `more` is what one Headwater tells another: in `via` the servers that a
 * stream came by, in `wait` how long one that is not there is to be waited for, in seconds.
 */
export function connectRequest(
  transactionId: number,
  { app, tcUrl }: RtmpAddress,
  more: Readonly<Record<string, AmfValue>>,
): Uint8Array {
  const properties = {
    app,
    type: 'nonprivate',
    flashVer: 'FMLE/3.0 (compatible; Headwater)',
    tcUrl,
    fpad: false,
    capabilities: 15,
    audioCodecs: 4071,
    videoCodecs: 252,
    videoFunction: 1,
    objectEncoding: 0,
    fourCcList: [...VIDEO_FOURCC, ...AUDIO_FOURCC],
    ...more,
  };
  return command('connect', transactionId, amfObject(properties));
}

/** The payload of a command without a command object, such as `createStream` or `publish`. */
export function request(name: string, transactionId: number, ...args: readonly AmfValue[]): Uint8Array {
  return command(name, transactionId, null, ...args);
}

/** What stands before the `onMetaData` of a publisher. */
export const SET_DATA_FRAME: Uint8Array = amf0('@setDataFrame');

/** What a server says of itself or of a stream, in `_error` or `onStatus`. */
export interface ServerStatus {
  readonly isError: boolean;
  readonly code: string;
  readonly description: string;
  /** Where it wants us to go instead: the whole URL, or the application alone. */
  readonly redirect: Redirect | undefined;
}

const LONGEST_TEXT = 200;
const LONGEST_URL = 4096;

/** Reads the information object of `_error` or `onStatus`; whatever a server leaves out is empty. */
export function readStatus(value: AmfValue): ServerStatus {
  const info = isAmfObject(value) ? value : amfObject();
  return {
    isError: info.level === 'error',
    code: text(info.code, LONGEST_TEXT),
    description: text(info.description, LONGEST_TEXT),
    redirect: isAmfObject(info.ex) ? readRedirect(info.ex) : undefined,
  };
}

/** SRS names the application in `redirect`, as Adobe does, and the stream in `redirect2`. */
function readRedirect({ redirect, redirect2 }: AmfObject): Redirect | undefined {
  const [whole, app] = [text(redirect2, LONGEST_URL), text(redirect, LONGEST_URL)];
  if (whole !== '') return { url: whole, isWhole: true };
  return app === '' ? undefined : { url: app, isWhole: false };
}

function text(value: AmfValue, longest: number): string {
  return typeof value === 'string' ? value.slice(0, longest) : '';
}
