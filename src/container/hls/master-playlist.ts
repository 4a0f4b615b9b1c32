import { attributeList, quoted } from './attributes.ts';

/** One rendition of a stream, as a master playlist offers it. */
export interface Variant {
  /** Where its media playlist is. */
  readonly uri: string;
  /** In bits per second: the most that any segment needs. */
  readonly bandwidth: number;
  /** In bits per second; undefined where unknown. */
  readonly averageBandwidth: number | undefined;
  /** RFC 6381 codecs parameters, of every track. */
  readonly codecs: readonly string[];
  /** In pixels; 0 where unknown or without video. */
  readonly width: number;
  readonly height: number;
  /** Pictures per second; undefined where unknown or without video. */
  readonly frameRate: number | undefined;
}

/** A master playlist that offers these variants, the first one first tried (draft-pantos-hls-rfc8216bis, 4.4.6.2). */
export function masterPlaylist(variants: readonly Variant[]): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-INDEPENDENT-SEGMENTS'];
  for (const variant of variants) lines.push(`#EXT-X-STREAM-INF:${attributesOf(variant)}`, variant.uri);
  return `${lines.join('\n')}\n`;
}

function attributesOf({ bandwidth, averageBandwidth, codecs, width, height, frameRate }: Variant): string {
  return attributeList({
    BANDWIDTH: Math.ceil(bandwidth),
    'AVERAGE-BANDWIDTH': averageBandwidth === undefined ? undefined : Math.ceil(averageBandwidth),
    CODECS: quoted(codecs.join(',')),
    RESOLUTION: width > 0 ? `${width}x${height}` : undefined,
    'FRAME-RATE': frameRate?.toFixed(3),
  });
}
