const FORM = /^(?:\*\*|[\w.~*-]{1,128}(?:\/[\w.~*-]{1,128}){1,9})$/;

/** Whether this has the form of a pattern of streams: `live/movie`, `live/*`, `a.example/live/**`, `**`. */
export function hasPatternForm(text: string): boolean {
  return FORM.test(text);
}

/** Whether a stream, named as people name it, fits one of these patterns: `*` is any name, or part of one, and `**` anything. */
export function fitsAny(patterns: readonly string[]): (name: string) => boolean {
  const all = patterns.map(toRegExp);
  return (name) => all.some((pattern) => pattern.test(name));
}

function toRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*+|\*|[^\w/]/g, (part) => {
    if (part === '*') return '[^/]*';
    return part.startsWith('*') ? '.*' : `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}
