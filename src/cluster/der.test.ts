import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../base/bytes.ts';
import { bitString, byteString, integer, oid, sequence, setOf, tagged, time, utf8String, yes } from './der.ts';

/** X.690 and RFC 5280; object identifiers by the examples of X.690, 8.19.5, and of real certificates. */
const cases: [name: string, encoded: Uint8Array, hex: string][] = [
  ['zero', integer(Uint8Array.of(0)), '020100'],
  ['a number with zeros in front', integer(Uint8Array.of(0, 0, 0x7f)), '02017f'],
  ['a number whose first bit is set', integer(Uint8Array.of(0x80)), '02020080'],
  ['a truth', yes(), '0101ff'],
  ['bits', bitString(Uint8Array.of(0x04), 2), '03020204'],
  ['bytes', byteString(fromHex('aabb')), '0402aabb'],
  ['an identifier of small arcs', oid('2.5.29.15'), '0603551d0f'],
  ['an identifier of large arcs', oid('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
  ['an identifier with a first arc above 127', oid('2.999.3'), '0603883703'],
  ['a text', utf8String('é'), '0c02c3a9'],
  ['an empty sequence', sequence(), '3000'],
  ['a set', setOf(integer(Uint8Array.of(1))), '3103020101'],
  ['a tag of a context', tagged(0xa0, integer(Uint8Array.of(2))), 'a003020102'],
  ['a moment before 2050', time(new Date('2049-12-31T23:59:58.999Z')), `170d${toHex(Buffer.from('491231235958Z'))}`],
  ['a moment from 2050 on', time(new Date('2050-01-02T03:04:05Z')), `180f${toHex(Buffer.from('20500102030405Z'))}`],
  ['127 bytes', byteString(new Uint8Array(127)), `047f${'00'.repeat(127)}`],
  ['128 bytes', byteString(new Uint8Array(128)), `048180${'00'.repeat(128)}`],
  ['256 bytes', byteString(new Uint8Array(256)), `04820100${'00'.repeat(256)}`],
];

for (const [name, encoded, hex] of cases) test(`${name} is encoded`, () => assert.equal(toHex(encoded), hex));
