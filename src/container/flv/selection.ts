import { RefusedError } from '../../base/errors.ts';
import type { Kind } from '../../media/track.ts';
import type { Dialect } from './body.ts';

/** Which part of a stream a viewer asked for, and in which dialect. */
export interface Selection {
  readonly kinds: ReadonlySet<Kind>;
  readonly dialect: Dialect;
}

const KINDS: Readonly<Record<string, ReadonlySet<Kind>>> = {
  '': new Set<Kind>(['audio', 'video']),
  audio: new Set<Kind>(['audio']),
  video: new Set<Kind>(['video']),
};
const DIALECTS: Readonly<Record<string, Dialect>> = { enhanced: 'enhanced', legacy: 'legacy-hevc' };

/**
 * Reads `only=audio|video` and `hevc=enhanced|legacy` (codec id 12, for players that predate enhanced RTMP) from a URL's
 * parameters. Throws {@link RefusedError} for other values.
 */
export function readSelection(query: { get(name: string): string | null | undefined }): Selection {
  return {
    kinds: choose('only', query.get('only') ?? '', KINDS),
    dialect: choose('hevc', query.get('hevc') ?? 'enhanced', DIALECTS),
  };
}

/** The name under which viewers of the same selection share a muxer. */
export function formatName(transport: string, { kinds, dialect }: Selection): string {
  return [transport, ...kinds, dialect].join(':');
}

function choose<T>(name: string, value: string, choices: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(choices, value)) return choices[value]!;
  const allowed = Object.keys(choices).filter((choice) => choice !== '');
  throw new RefusedError(
    'unsupported',
    `${name}=${value.slice(0, 20)} is not known: allowed is ${allowed.join(' or ')}`,
  );
}
