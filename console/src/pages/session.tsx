import { useEffect } from 'preact/hooks';
import { ApiError } from '../api.ts';
import { formatBitrate, formatBytes, formatDuration } from '../format.ts';
import { navigate } from '../navigation.ts';
import { getClient } from '../operator.ts';
import { KickButton, protocolOf } from '../parts/client-table.tsx';
import { Fact } from '../parts/fact.tsx';
import { Hops } from '../parts/hops.tsx';
import { LogLines } from '../parts/log-lines.tsx';
import { Notice } from '../parts/notice.tsx';
import { noticeRefusal } from '../session.ts';
import { t } from '../settings.ts';
import { useLog } from '../use-log.ts';
import { usePoll } from '../use-poll.ts';

/** One who publishes or plays: what it gets, from where, and what the log says of it. */
export function SessionPage({ id }: { id: string }) {
  const { data: client, error } = usePoll(() => getClient(id), 2_000);
  const log = useLog({ session: id, level: '', text: '' }, false);
  useEffect(() => noticeRefusal(error), [error]);
  const isGone = error instanceof ApiError && error.status === 404;
  return (
    <article class="stream-page">
      <div class="title">
        <h1>
          <span class={client && !isGone ? 'dot on' : 'dot'} />
          {id}
          <small>{client?.url.replace(/^\//, '')}</small>
        </h1>
        {client && !isGone && (
          <div class="actions">
            <KickButton client={client} done={() => navigate('/sessions')} />
          </div>
        )}
      </div>
      {isGone ? <p class="card notice">{t('sessionGone')}</p> : !client && <Notice error={error} />}
      {client && (
        <dl class="card measures">
          <Fact label={t('protocol')} value={protocolOf(client.type)} more={client.publish ? t('publisher') : ''} />
          <Fact label={t('address')} value={client.ip} />
          <Fact label={t('since')} value={formatDuration(client.alive * 1000)} />
          <Fact
            label={t('bitrate')}
            value={formatBitrate(client.publish ? client.kbps.recv_30s : client.kbps.send_30s)}
          />
          <Fact label={t('bytes')} value={formatBytes(client.publish ? client.recv_bytes : client.send_bytes)} />
          {client.pageUrl !== '' && <Fact label={t('fromPage')} value={client.pageUrl} wide />}
        </dl>
      )}
      {client && !isGone && <Hops client={id} />}
      <section>
        <h2>{t('log')}</h2>
        <LogLines lines={log.lines} />
      </section>
    </article>
  );
}
