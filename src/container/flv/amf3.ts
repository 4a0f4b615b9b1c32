import type { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import type { AmfObject, AmfValue } from './amf.ts';
import { AmfBudget, AmfReferences, amfObject, ecmaArray, MAX_STRING } from './amf.ts';

/** The type markers of AMF3, 3.1. */
const Marker = {
  undefined: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  integer: 0x04,
  double: 0x05,
  string: 0x06,
  xmlDocument: 0x07,
  date: 0x08,
  array: 0x09,
  object: 0x0a,
  xml: 0x0b,
  byteArray: 0x0c,
} as const;

/** The sealed members of a class, and whether its objects have more (AMF3, 3.12). */
type Traits = { readonly members: readonly string[]; readonly dynamic: boolean };

/** Reads one AMF3 value: what AMF0 marker 0x11 announces. Its reference tables are its own. */
export function readAmf3(reader: ByteReader, budget = new AmfBudget()): AmfValue {
  return readValue(new Context(reader, budget));
}

class Context {
  readonly reader: ByteReader;
  readonly budget: AmfBudget;
  readonly references: AmfReferences;
  readonly strings: string[] = [];
  readonly traits: Traits[] = [];

  constructor(reader: ByteReader, budget: AmfBudget) {
    this.reader = reader;
    this.budget = budget;
    this.references = new AmfReferences(budget);
  }
}

type Read = (context: Context) => AmfValue;

const READERS: Readonly<Record<number, Read | undefined>> = {
  [Marker.undefined]: () => undefined,
  [Marker.null]: () => null,
  [Marker.false]: () => false,
  [Marker.true]: () => true,
  [Marker.integer]: (context) => (readU29(context.reader) << 3) >> 3,
  [Marker.double]: (context) => context.reader.f64(),
  [Marker.string]: readString,
  [Marker.xmlDocument]: readXml,
  [Marker.date]: readDate,
  [Marker.array]: readArray,
  [Marker.object]: readObject,
  [Marker.xml]: readXml,
  [Marker.byteArray]: readByteArray,
};

function readValue(context: Context): AmfValue {
  const marker = context.reader.u8();
  const read = READERS[marker];
  if (read === undefined) throw new ProtocolError(`AMF3 marker ${marker} is unknown`);
  context.budget.spend(1);
  return read(context);
}

/** AMF3, 1.3.1: seven bits a byte, of a fourth byte all eight. */
function readU29(reader: ByteReader): number {
  let value = 0;
  for (let i = 0; i < 3; i++) {
    const byte = reader.u8();
    value = (value << 7) | (byte & 0x7f);
    if (byte < 0x80) return value;
  }
  return (value << 8) | reader.u8();
}

/** A header whose lowest bit tells a reference (its index) from a value (what `read` makes of the other bits). */
function readReferable<T extends AmfValue>(context: Context, read: (count: number) => T): AmfValue {
  const header = readU29(context.reader);
  if ((header & 1) === 0) return context.references.get(header >> 1);
  return context.references.add(() => read(header >> 1));
}

/** AMF3, 3.8; the empty string is never referred to. */
function readString(context: Context): string {
  const header = readU29(context.reader);
  if ((header & 1) === 0) return recall(context.strings, header >> 1);
  const text = readText(context.reader, header >> 1);
  if (text !== '') context.strings.push(text);
  return text;
}

function readText(reader: ByteReader, length: number): string {
  if (length > MAX_STRING) throw new ProtocolError(`AMF3 string of ${length} bytes`);
  return reader.text(length);
}

function readXml(context: Context): AmfValue {
  return readReferable(context, (length) => readText(context.reader, length));
}

function readDate(context: Context): AmfValue {
  return readReferable(context, () => new Date(context.reader.f64()));
}

function readByteArray(context: Context): AmfValue {
  return readReferable(context, (length) => context.reader.skip(length) as undefined);
}

/** AMF3, 3.11: named entries first, then `count` without names. With names it becomes an ECMA array. */
function readArray(context: Context): AmfValue {
  return readReferable(context, (count) => {
    if (count > context.reader.remaining)
      throw new ProtocolError(`AMF3 array of ${count} in ${context.reader.remaining} bytes`);
    const named = readDynamic(context, ecmaArray());
    const dense: AmfValue[] = [];
    while (dense.length < count) dense.push(readValue(context));
    return Object.keys(named).length === 0 ? dense : Object.assign(named, dense);
  });
}

function readObject(context: Context): AmfValue {
  return readReferable(context, (header) => {
    const traits = (header & 1) === 0 ? recall(context.traits, header >> 1) : readTraits(context, header >> 1);
    const object = amfObject();
    for (const member of traits.members) object[member] = readValue(context);
    return traits.dynamic ? readDynamic(context, object) : object;
  });
}

/** AMF3, 3.12: `header` is what follows the two bits that announce traits: externalizable, dynamic, member count. */
function readTraits(context: Context, header: number): Traits {
  if ((header & 1) !== 0)
    throw new RefusedError('unsupported', 'AMF3 objects with an encoding of their own are not supported');
  const count = header >> 2;
  if (count > context.reader.remaining)
    throw new ProtocolError(`AMF3 class of ${count} members in ${context.reader.remaining} bytes`);
  context.budget.spend(count);
  readString(context); // the name of the class
  const members: string[] = [];
  while (members.length < count) members.push(readString(context));
  const traits = { members, dynamic: (header & 2) !== 0 };
  context.traits.push(traits);
  return traits;
}

function readDynamic(context: Context, object: AmfObject): AmfObject {
  for (let key = readString(context); key !== ''; key = readString(context)) object[key] = readValue(context);
  return object;
}

function recall<T>(table: readonly T[], index: number): T {
  if (index >= table.length) throw new ProtocolError(`AMF3 reference ${index} to nothing`);
  return table[index]!;
}
