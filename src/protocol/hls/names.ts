import type { Container } from './packaging.ts';

/** What a name says is asked for. */
export type Wish =
  | { readonly kind: 'init'; readonly container: Container; readonly name: string }
  | {
      readonly kind: 'segment';
      readonly container: Container;
      readonly segment: number;
      readonly part: number | undefined;
    };

/** The name of every media playlist of the newest segments. */
export const MEDIA_PLAYLIST = 'media.m3u8';
/** Nodes tell each other under this name which renditions of a stream there are. */
export const RENDITIONS = 'renditions.txt';
/** The name of the media playlist of all that can be had. */
export const WHOLE_PLAYLIST = 'whole.m3u8';
const EXTENSIONS: Record<Container, string> = { fmp4: 'm4s', ts: 'ts' };
const INIT = /^init-[0-9a-f]{16}\.mp4$/;
const SEGMENT = /^(\d{1,15})(?:\.(\d{1,5}))?\.(m4s|ts)$/;

/** Reads the name of a file; undefined where it is none of ours. */
export function readName(name: string): Wish | undefined {
  if (INIT.test(name)) return { kind: 'init', container: 'fmp4', name };
  const [, segment, part, extension] = SEGMENT.exec(name) ?? [];
  if (segment === undefined || (extension === 'ts' && part !== undefined)) return undefined;
  const container = extension === 'ts' ? 'ts' : 'fmp4';
  return { kind: 'segment', container, segment: Number(segment), part: part === undefined ? undefined : Number(part) };
}

/** `123.m4s` */
export function segmentName(segment: number, container: Container): string {
  return `${segment}.${EXTENSIONS[container]}`;
}

/** `123.4.m4s` */
export function partName(segment: number, part: number): string {
  return `${segment}.${part}.m4s`;
}
