import { ProtocolError } from '../../../base/errors.ts';
import type { AmfObject, AmfValue } from '../../../container/flv/amf0.ts';
import { amf0, isAmfObject, readAllAmf0 } from '../../../container/flv/amf0.ts';
import type { RtmpMessage } from './message.ts';
import { MessageType } from './message.ts';

/** A command message (RTMP 1.0, 7.1.1). */
export interface Command {
  readonly name: string;
  /** 0 where no answer is expected. */
  readonly transactionId: number;
  /** The command object; empty where there is none. */
  readonly object: AmfObject;
  readonly args: readonly AmfValue[];
}

const STRING_MARKER = 0x02;
const NO_OBJECT: AmfObject = Object.freeze(Object.create(null) as AmfObject);

/** Reads a command message, AMF0 or AMF3; `undefined` if the message is none. Throws `ProtocolError` if it is malformed. */
export function readCommand(message: RtmpMessage): Command | undefined {
  if (message.type !== MessageType.commandAmf0 && message.type !== MessageType.commandAmf3) return undefined;
  const [name, transactionId = 0, object, ...args] = readAllAmf0(amfBody(message));
  if (typeof name !== 'string') throw new ProtocolError('command without a name');
  if (typeof transactionId !== 'number') throw new ProtocolError('command without a transaction id');
  return { name, transactionId, object: isAmfObject(object) ? object : NO_OBJECT, args };
}

/** The AMF0 bytes of a data message (what a script tag holds in FLV); `undefined` if the message is none. */
export function dataBody(message: RtmpMessage): Uint8Array | undefined {
  if (message.type !== MessageType.dataAmf0 && message.type !== MessageType.dataAmf3) return undefined;
  const body = amfBody(message);
  // FFmpeg sends the packets of a timecode track as they are: four bytes that are no AMF at all.
  return body.length > 4 && body[0] === STRING_MARKER ? body : undefined;
}

/** The payload of a command message. */
export function command(name: string, transactionId: number, ...values: readonly AmfValue[]): Uint8Array {
  return amf0(name, transactionId, ...values);
}

/** Messages of an AMF3 type begin with a format byte, 0 for AMF0, which some encoders leave out. */
function amfBody({ type, payload }: RtmpMessage): Uint8Array {
  const isAmf3 = type === MessageType.commandAmf3 || type === MessageType.dataAmf3;
  return isAmf3 && payload[0] === 0 ? payload.subarray(1) : payload;
}
