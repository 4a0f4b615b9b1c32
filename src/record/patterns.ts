import { fitsAny, hasPatternForm } from '../base/patterns.ts';
import { describePath, readPath, type StreamPath } from '../hub/path.ts';

/** Whether this can be a pattern of paths; one without `*` must be a path itself. */
export function isPattern(text: string): boolean {
  if (!hasPatternForm(text)) return false;
  try {
    return exactPaths([text]).length <= 1;
  } catch {
    return false;
  }
}

/** Whether a path (without the default virtual host, as people write it) fits one of these patterns. */
export function matcher(patterns: readonly string[]): (path: StreamPath) => boolean {
  const fits = fitsAny(patterns);
  return (path) => fits(describePath(path));
}

/** The paths of the patterns that stand for one alone. Throws `RefusedError` where one cannot be a path. */
export function exactPaths(patterns: readonly string[]): StreamPath[] {
  return patterns.filter((pattern) => !pattern.includes('*')).map(readPath);
}
