import { describePath, readPath, type StreamPath } from './path.ts';

const PATTERN = /^(?:\*\*|[\w.~*-]{1,128}(?:\/[\w.~*-]{1,128}){1,9})$/;

/** Whether this can be a pattern of paths; one without `*` must be a path itself. */
export function isPattern(text: string): boolean {
  if (!PATTERN.test(text)) return false;
  try {
    return exactPaths([text]).length <= 1;
  } catch {
    return false;
  }
}

/** Whether a path (without the default virtual host, as people write it) fits one of these patterns. */
export function matcher(patterns: readonly string[]): (path: StreamPath) => boolean {
  const all = patterns.map(toRegExp);
  return (path) => all.some((pattern) => pattern.test(describePath(path)));
}

function toRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*+|\*|[^\w/]/g, (part) => {
    if (part === '*') return '[^/]*';
    return part.startsWith('*') ? '.*' : `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

/** The paths of the patterns that stand for one alone. Throws `RefusedError` where one cannot be a path. */
export function exactPaths(patterns: readonly string[]): StreamPath[] {
  return patterns.filter((pattern) => !pattern.includes('*')).map(readPath);
}
