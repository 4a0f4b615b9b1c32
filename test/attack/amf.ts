import { concat, fromHex } from '../../src/base/bytes.ts';
import { amf0, amfObject } from '../../src/container/flv/amf0.ts';
import { type Attack, attacks, type Outcome } from './support/attack.ts';
import { COMMAND_START, message, rawCommand, repeat } from './support/bytes.ts';

type Row = readonly [string, Uint8Array, Outcome];

const COMMAND_AMF3 = 17;
/** A `connect` as an encoder sends it. */
const CONNECT = amf0(
  'connect',
  1,
  amfObject({ app: 'live', tcUrl: 'rtmp://127.0.0.1/live', fpad: false, audioCodecs: 4071 }),
);
/** The body of a command that no handler knows, for values that must do no harm. */
const UNKNOWN = amf0('noSuchCommand', 7);

const object = (inside: Uint8Array) => concat([fromHex('03 0001 61'), inside]);
const nested = (depth: number, open: string, end = ''): Uint8Array =>
  concat([repeat(fromHex(open), depth), fromHex('05'), repeat(fromHex(end), depth)]);
const bad = (name: string, ...hex: (string | Uint8Array)[]): Row => [
  name,
  rawCommand(COMMAND_START, ...parts(hex)),
  'closed',
];
const fine = (name: string, ...hex: (string | Uint8Array)[]): Row => [
  name,
  rawCommand(UNKNOWN, ...parts(hex)),
  'harmless',
];
const parts = (all: readonly (string | Uint8Array)[]) =>
  all.map((part) => (typeof part === 'string' ? fromHex(part) : part));

const DEPTH: readonly Row[] = [
  ...[33, 1000, 15_000].map((depth) => bad(`objects ${depth} deep`, nested(depth, '03 0001 61'))),
  ...[33, 12_000].map((depth) => bad(`strict arrays ${depth} deep`, nested(depth, '0a 00000001'))),
  ...[33, 7000].map((depth) => bad(`ECMA arrays ${depth} deep`, nested(depth, '08 00000001 0001 61'))),
  ...[33, 10_000].map((depth) => bad(`typed objects ${depth} deep`, nested(depth, '10 0000 0001 61'))),
  ...[33, 20_000].map((depth) => bad(`AMF3 arrays ${depth} deep`, '11', nested(depth, '09 03 01'))),
  ...[33, 10_000].map((depth) => bad(`AMF3 objects ${depth} deep`, '11', nested(depth, '0a 0b 01 03 61'))),
  bad(
    'AMF3 arrays below AMF0 objects, 40 deep together',
    nested(20, '03 0001 61').subarray(0, 80),
    '11',
    nested(20, '09 03 01'),
  ),
  fine('objects 32 deep', nested(32, '03 0001 61', '0000 09')),
];

const COUNTS: readonly Row[] = [
  bad('a strict array of 4 G values', '0a ffffffff'),
  bad('a strict array of more values than bytes', '0a 00001000', repeat(fromHex('05'), 4095)),
  bad('5000 values', repeat(fromHex('05'), 5000)),
  bad('an object of 5000 properties', '03', repeat(fromHex('0001 61 05'), 5000), '0000 09'),
  bad('an AMF3 array of 256 M values', '11 09 ffffffff 01'),
  bad('an AMF3 array of 5000 values', '11 09 ce11 01', repeat(fromHex('01'), 5000)),
  bad('an AMF3 class of 16 M members', '11 0a fffffff3 01'),
  bad('an AMF3 class of 5000 members', '11 0a 82ed03 01', repeat(fromHex('03 61'), 5000)),
  fine('an ECMA array that says it has 4 G values', '08 ffffffff 0000 09'),
  fine('an ECMA array that says it has none', '08 00000000 0001 61 05 0000 09'),
];

const LENGTHS: readonly Row[] = [
  bad('a string beyond the end', '02 ffff 61'),
  bad('a long string of 4 GiB', '0c ffffffff 61'),
  bad('a long string beyond the end', '0c 0000ffff 61'),
  bad('an XML document of 4 GiB', '0f ffffffff 61'),
  bad('a property name beyond the end', '03 ffff 61'),
  bad('a class name beyond the end', '10 ffff 61'),
  bad('half a number', '00 000000'),
  bad('half a date', '0b 0000'),
  bad('an AMF3 string of 256 MiB', '11 06 ffffffff 61'),
  bad('an AMF3 byte array of 256 MiB', '11 0c ffffffff 61'),
  bad('an AMF3 XML of 256 MiB', '11 0b ffffffff 61'),
  bad('half an AMF3 integer', '11 04 ffff'),
  bad('an AMF3 value that is not there', '11'),
];

/** `{a: {}}`, then an array that refers to it twice, then one that refers to that twice, and so on. */
function laughs(levels: number): Uint8Array {
  const level = (i: number) =>
    fromHex(`0a 00000002 07 ${(i + 3).toString(16).padStart(4, '0')} 07 ${(i + 3).toString(16).padStart(4, '0')}`);
  return concat([object(fromHex('03 0000 09')), ...Array.from({ length: levels }, (_, i) => level(i))]);
}

const REFERENCES: readonly Row[] = [
  bad('a reference to nothing', '07 ffff'),
  bad('an object that contains itself', object(fromHex('07 0000'))),
  bad('an array of references to itself', '0a 00000002 07 0000 07 0000'),
  bad('arrays of references to arrays of references, 30 times', laughs(30)),
  bad('an AMF3 reference to nothing', '11 0a fe'),
  bad('an AMF3 string that refers to nothing', '11 06 fe'),
  bad('an AMF3 class that refers to nothing', '11 0a fd7f'),
  bad('an AMF3 array that contains itself', '11 09 03 01 09 00'),
  bad('an AMF3 object with an encoding of its own', '11 0a 07 01'),
];

const MARKERS = [0x04, 0x0e, 0x12, 0x13, 0x20, 0x7f, 0x80, 0xff];

const NAMES: readonly Row[] = [
  ...MARKERS.map((marker) => bad(`the AMF0 marker ${marker}`, Uint8Array.of(marker, 0, 0, 0, 0))),
  ...[0x0d, 0x11, 0xff].map((marker) => bad(`the AMF3 marker ${marker}`, Uint8Array.of(0x11, marker, 0, 0))),
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map(
    (key): Row => [
      `the property ${key}`,
      rawCommand(UNKNOWN, amf0(amfObject({ [key]: amfObject({ polluted: true }) }))),
      'harmless',
    ],
  ),
  ...['__proto__', 'constructor', 'toString', 'valueOf', ''].map(
    (name): Row => [`the command ${name}`, rawCommand(amf0(name, 0, null)), 'harmless'],
  ),
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1, 1e308].map(
    (id): Row => [`the transaction ${id}`, rawCommand(amf0('noSuchCommand', id, null)), 'harmless'],
  ),
  ['a command name that is a number', rawCommand(amf0(1, 1)), 'closed'],
  ['a command name that is an object', rawCommand(amf0(amfObject({ a: 1 }), 1)), 'closed'],
  ['a transaction that is text', rawCommand(amf0('connect', 'one')), 'closed'],
  ['a command name of 60,000 characters', rawCommand(amf0('x'.repeat(60_000), 1)), 'harmless'],
  ['malformed UTF-8', rawCommand(fromHex('02 0004 fffec080 00 0000000000000000')), 'harmless'],
  ['an AMF3 command of noise', message(COMMAND_AMF3, fromHex('00 ff ff ff')), 'closed'],
  ['an AMF3 command without its format byte', message(COMMAND_AMF3, amf0('noSuchCommand', 0)), 'harmless'],
];

const CUTS = Array.from({ length: Math.floor(CONNECT.length / 5) }, (_, i): Row => {
  return [`connect cut off after ${1 + 5 * i} bytes`, rawCommand(CONNECT.subarray(0, 1 + 5 * i)), 'either'];
});

/** Attacks on AMF in commands, by one who has done no more than the handshake. */
export const AMF_ATTACKS: readonly Attack[] = attacks('rtmp', 'handshake', [
  ...DEPTH,
  ...COUNTS,
  ...LENGTHS,
  ...REFERENCES,
  ...NAMES,
  ...CUTS,
]);
