import type { LiveStream, Summary as ServerSummary } from '../api.ts';
import { formatBitrate, formatBytes } from '../format.ts';
import { cpuShare } from '../operator.ts';
import { t } from '../settings.ts';
import { viewersOf } from '../viewers.ts';

/** The server in one line. */
export function Summary({ streams, server }: { streams: readonly LiveStream[]; server: ServerSummary }) {
  const sum = (value: (stream: LiveStream) => number) => streams.reduce((total, stream) => total + value(stream), 0);
  return (
    <ul class="summary">
      <li>{t('statStreams', { count: streams.length })}</li>
      <li>{t('statViewers', { count: sum(viewersOf) })}</li>
      <li>{t('statOut', { rate: formatBitrate(sum((stream) => stream.kbps.send_30s)) })}</li>
      <li>{t('statCpu', { percent: Math.round(cpuShare({ cpu: server.cpu_percent, cores: server.cores }) * 100) })}</li>
      <li>{t('statMemory', { size: formatBytes(server.mem_kbyte * 1024) })}</li>
    </ul>
  );
}
