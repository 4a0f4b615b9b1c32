const MAX_SAMPLES = 5760;

/** Samples in one Opus frame at 48 kHz by the TOC's configuration: SILK, hybrid, CELT (RFC 6716, table 2). */
function samplesOfConfiguration(configuration: number): number {
  if (configuration < 12) return [480, 960, 1920, 2880][configuration & 3]!;
  if (configuration < 16) return [480, 960][configuration & 1]!;
  return [120, 240, 480, 960][configuration & 3]!;
}

/** How many samples at 48 kHz come of an Opus packet (RFC 6716, 3.1 and 3.2); 0 where it is malformed. */
export function opusSamples(packet: Uint8Array): number {
  const [toc, count] = packet;
  if (toc === undefined) return 0;
  const code = toc & 3;
  const frames = code === 3 ? (count ?? 0) & 63 : code === 0 ? 1 : 2;
  const samples = frames * samplesOfConfiguration(toc >> 3);
  return samples <= MAX_SAMPLES ? samples : 0;
}
