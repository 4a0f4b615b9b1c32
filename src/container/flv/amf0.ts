import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { ProtocolError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import type { AmfObject, AmfValue } from './amf.ts';
import { AmfBudget, AmfReferences, amfObject, ecmaArray, isEcmaArray, MAX_STRING } from './amf.ts';
import { readAmf3 } from './amf3.ts';

export type { AmfObject, AmfValue } from './amf.ts';
export { amfObject, ecmaArray, isAmfObject } from './amf.ts';

/** The type markers of AMF0, 2.1. */
const Marker = {
  number: 0x00,
  boolean: 0x01,
  string: 0x02,
  object: 0x03,
  null: 0x05,
  undefined: 0x06,
  reference: 0x07,
  ecmaArray: 0x08,
  objectEnd: 0x09,
  strictArray: 0x0a,
  date: 0x0b,
  longString: 0x0c,
  unsupported: 0x0d,
  xmlDocument: 0x0f,
  typedObject: 0x10,
  avmplusObject: 0x11,
} as const;

const LONGEST_SHORT_STRING = 0xffff;

/** Reads one value. */
export function readAmf0(reader: ByteReader): AmfValue {
  return readValue(new Context(reader));
}

/** Reads all values of a payload; references and limits span them all. */
export function readAllAmf0(bytes: Uint8Array): AmfValue[] {
  const context = new Context(new ByteReader(bytes));
  const values: AmfValue[] = [];
  while (context.reader.remaining > 0) values.push(readValue(context));
  return values;
}

/** Writes one value: an array as a strict array, an {@link ecmaArray} as an ECMA array, any other object as an object. */
function writeAmf0(writer: ByteWriter, value: AmfValue): void {
  if (typeof value === 'number') writer.u8(Marker.number).f64(value);
  else if (typeof value === 'boolean') writer.u8(Marker.boolean).u8(value ? 1 : 0);
  else if (typeof value === 'string') writeString(writer, value);
  else if (value === null) writer.u8(Marker.null);
  else if (value === undefined) writer.u8(Marker.undefined);
  else if (value instanceof Date) writer.u8(Marker.date).f64(value.getTime()).u16(0);
  else if (Array.isArray(value)) writeArray(writer, value);
  else writeObject(writer, value);
}

/** The values one after another, as a command or data message carries them. */
export function amf0(...values: readonly AmfValue[]): Uint8Array {
  const writer = new ByteWriter(256);
  for (const value of values) writeAmf0(writer, value);
  return writer.finish();
}

/** What the readers of one payload share. */
class Context {
  readonly reader: ByteReader;
  readonly budget = new AmfBudget();
  readonly references = new AmfReferences(this.budget);

  constructor(reader: ByteReader) {
    this.reader = reader;
  }
}

type Read = (context: Context) => AmfValue;

const READERS: Readonly<Record<number, Read | undefined>> = {
  [Marker.number]: ({ reader }) => reader.f64(),
  [Marker.boolean]: ({ reader }) => reader.u8() !== 0,
  [Marker.string]: ({ reader }) => reader.text(reader.u16()),
  [Marker.object]: readObject,
  [Marker.null]: () => null,
  [Marker.undefined]: () => undefined,
  [Marker.reference]: ({ reader, references }) => references.get(reader.u16()),
  [Marker.ecmaArray]: readEcmaArray,
  [Marker.strictArray]: readStrictArray,
  [Marker.date]: readDate,
  [Marker.longString]: ({ reader }) => readLongString(reader),
  [Marker.unsupported]: () => undefined,
  [Marker.xmlDocument]: ({ reader }) => readLongString(reader),
  [Marker.typedObject]: readTypedObject,
  [Marker.avmplusObject]: ({ reader, budget }) => readAmf3(reader, budget),
};

function readValue(context: Context): AmfValue {
  const marker = context.reader.u8();
  const read = READERS[marker];
  if (read === undefined) throw new ProtocolError(`AMF0 marker ${marker} is unknown`);
  context.budget.spend(1);
  return read(context);
}

function readObject(context: Context): AmfObject {
  return context.references.add(() => readProperties(context, amfObject()));
}

/** AMF0, 2.10: the count is a hint (some encoders write 0), the end marker ends it. */
function readEcmaArray(context: Context): AmfObject {
  context.reader.skip(4);
  return context.references.add(() => readProperties(context, ecmaArray()));
}

/** AMF0, 2.18: the class name is of no use here. */
function readTypedObject(context: Context): AmfObject {
  context.reader.skip(context.reader.u16());
  return readObject(context);
}

/** The end of the payload ends them too: some encoders leave out the end marker of the last array. */
function readProperties(context: Context, object: AmfObject): AmfObject {
  const { reader } = context;
  while (reader.remaining > 0) {
    const key = reader.text(reader.u16());
    if (key === '' && reader.remaining > 0 && reader.bytes[reader.offset] === Marker.objectEnd) {
      reader.skip(1);
      break;
    }
    object[key] = readValue(context);
  }
  return object;
}

function readStrictArray(context: Context): AmfValue[] {
  const count = context.reader.u32();
  if (count > context.reader.remaining)
    throw new ProtocolError(`AMF0 array of ${count} in ${context.reader.remaining} bytes`);
  return context.references.add(() => {
    const values: AmfValue[] = [];
    while (values.length < count) values.push(readValue(context));
    return values;
  });
}

/** AMF0, 2.13: the time zone is reserved and ignored. */
function readDate({ reader }: Context): Date {
  const date = new Date(reader.f64());
  reader.skip(2);
  return date;
}

function readLongString(reader: ByteReader): string {
  const length = reader.u32();
  if (length > MAX_STRING) throw new ProtocolError(`AMF0 string of ${length} bytes`);
  return reader.text(length);
}

function writeString(writer: ByteWriter, value: string): void {
  const bytes = encodeUtf8(value);
  if (bytes.length > LONGEST_SHORT_STRING) writer.u8(Marker.longString).u32(bytes.length).put(bytes);
  else writer.u8(Marker.string).u16(bytes.length).put(bytes);
}

function writeArray(writer: ByteWriter, values: readonly AmfValue[]): void {
  writer.u8(Marker.strictArray).u32(values.length);
  for (const value of values) writeAmf0(writer, value);
}

function writeObject(writer: ByteWriter, object: AmfObject): void {
  const keys = Object.keys(object);
  if (isEcmaArray(object)) writer.u8(Marker.ecmaArray).u32(keys.length);
  else writer.u8(Marker.object);
  for (const key of keys) {
    const bytes = encodeUtf8(key);
    writer.u16(bytes.length).put(bytes);
    writeAmf0(writer, object[key]);
  }
  writer.u16(0).u8(Marker.objectEnd);
}
