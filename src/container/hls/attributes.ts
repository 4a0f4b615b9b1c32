import { SECOND } from '../../base/clock.ts';
import { assert } from '../../base/errors.ts';

const ATTRIBUTE = /([A-Z0-9-]+)=(?:"([^"\r\n]*)"|([^",\s]+))(?:,|$)/y;

/** Text in quotation marks, which must hold none itself (HLS, 4.2). */
export function quoted(text: string): string {
  assert(!/["\r\n]/.test(text), 'text in a playlist has neither quotation marks nor line breaks');
  return `"${text}"`;
}

/** Microseconds as seconds, in as few digits as tell them exactly. */
export function seconds(microseconds: number): string {
  return String(microseconds / SECOND);
}

/** An attribute list of those that are there (HLS, 4.2). */
export function attributeList(attributes: Readonly<Record<string, string | number | undefined>>): string {
  const present = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return present.map(([name, value]) => `${name}=${value}`).join(',');
}

/** The attributes in a list, without quotation marks; undefined where it is malformed or names one twice. */
export function readAttributes(list: string): ReadonlyMap<string, string> | undefined {
  const attributes = new Map<string, string>();
  ATTRIBUTE.lastIndex = 0;
  while (ATTRIBUTE.lastIndex < list.length) {
    const match = ATTRIBUTE.exec(list);
    if (!match || attributes.has(match[1]!)) return undefined;
    attributes.set(match[1]!, match[2] ?? match[3]!);
  }
  return list === '' || list.endsWith(',') ? undefined : attributes;
}
