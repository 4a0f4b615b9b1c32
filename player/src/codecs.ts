/** What the demuxer found out about the stream. */
export interface CodecInfo {
  readonly videoCodec?: string | undefined;
  readonly audioCodec?: string | undefined;
}

/** The codec that keeps this browser from playing, as people name it; `isSupported` is MediaSource's own test. */
export function unsupportedCodec(info: CodecInfo, isSupported: (type: string) => boolean): string | undefined {
  const { videoCodec, audioCodec } = info;
  if (videoCodec && !isSupported(`video/mp4; codecs="${videoCodec}"`)) return readableCodec(videoCodec);
  if (audioCodec && !isSupported(audioType(audioCodec))) return readableCodec(audioCodec);
  return undefined;
}

function audioType(codec: string): string {
  return codec === 'mp3' ? 'audio/mpeg' : `audio/mp4; codecs="${codec}"`;
}

const names: readonly (readonly [RegExp, string])[] = [
  [/^avc[13]/i, 'H.264'],
  [/^h(vc|ev)1/i, 'H.265 (HEVC)'],
  [/^av01/i, 'AV1'],
  [/^vp0?9/i, 'VP9'],
  [/^vp0?8/i, 'VP8'],
  [/^mp4a/i, 'AAC'],
  [/^mp3/i, 'MP3'],
  [/^opus/i, 'Opus'],
  [/^flac/i, 'FLAC'],
  [/^ac-3/i, 'AC-3'],
  [/^ec-3/i, 'E-AC-3'],
];

/** An RFC 6381 codecs parameter or a FourCC as people name the codec. */
export function readableCodec(codec: string): string {
  return names.find(([pattern]) => pattern.test(codec))?.[1] ?? codec;
}

/** The codec that an error message of the browser or the demuxer complains about; undefined where it names none. */
export function codecInMessage(message: string): string | undefined {
  const found = /codecs="?([\w.-]+)/.exec(message) ?? /codec[^:]*: *([\w.-]+)/i.exec(message);
  return found ? readableCodec(found[1]!) : undefined;
}
