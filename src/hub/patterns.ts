import { DEFAULT_VHOST, describePath, readPath, type StreamPath } from './path.ts';

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

/** Whether a path fits one of these patterns, which have the default virtual host only where it alone is meant. */
export function matcher(patterns: readonly string[]): (path: StreamPath) => boolean {
  const isWhole = (pattern: string) => pattern.startsWith(`${DEFAULT_VHOST}/`);
  const all = patterns.map((pattern) => ({ form: toRegExp(pattern), isOfPath: isWhole(pattern) }));
  return (path) => all.some(({ form, isOfPath }) => form.test(isOfPath ? path : describePath(path)));
}

function toRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*+|\*|[^\w/]/g, (part) => {
    if (part === '*') return '[^/]*';
    return part.startsWith('*') ? '.*' : `\\${part}`;
  });
  // A path that was not checked yet may hold anything.
  return new RegExp(`^${source}$`, 's');
}

/** The paths of the patterns that stand for one alone. Throws `RefusedError` where one cannot be a path. */
export function exactPaths(patterns: readonly string[]): StreamPath[] {
  return patterns.filter((pattern) => !pattern.includes('*')).map(readPath);
}
