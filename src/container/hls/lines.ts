/** A line of a playlist that counts: a tag, or a URI. */
export interface PlaylistLine {
  /** Counted from 1. */
  readonly number: number;
  /** Such as `EXT-X-MAP`; undefined for a URI. */
  readonly tag: string | undefined;
  /** What stands after a tag's colon, or the URI. */
  readonly value: string;
}

const TAG = /^#(EXT[A-Z0-9-]*)(?::(.*))?$/;

/** The tags and URIs of a playlist; comments and empty lines are left out (HLS, 4.1). */
export function playlistLines(text: string): PlaylistLine[] {
  const lines = text.split(/\r?\n/).map((line, i): PlaylistLine | undefined => {
    const match = TAG.exec(line);
    if (match) return { number: i + 1, tag: match[1]!, value: match[2] ?? '' };
    return line === '' || line.startsWith('#') ? undefined : { number: i + 1, tag: undefined, value: line };
  });
  return lines.filter((line) => line !== undefined);
}
