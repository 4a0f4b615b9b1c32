import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { type Client, kick } from '../api.ts';
import { formatBitrate, formatBytes, formatDuration, protocolName } from '../format.ts';
import { type ClientQuery, findClients } from '../operator.ts';
import { noticeRefusal } from '../session.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';
import { Link } from './link.tsx';
import { Notice } from './notice.tsx';
import { Table } from './stream-facts.tsx';

interface Props {
  readonly query: ClientQuery;
  /** Below the table, where there is one. */
  readonly more?: (total: number) => ComponentChildren;
}

/** Those who publish and play, each with the way to its page and the button that disconnects it. */
export function ClientTable({ query, more }: Props) {
  const { data, error, reload } = usePoll(() => findClients(query), 2_000, JSON.stringify(query));
  useEffect(() => noticeRefusal(error), [error]);
  if (!data) return <Notice error={error} />;
  const { clients, total } = data;
  return (
    <>
      {error !== undefined && <Notice error={error} />}
      {clients.length === 0 ? (
        <p class="card notice">{t('noSessions')}</p>
      ) : (
        <Table
          look="cards"
          head={[t('session'), t('stream'), t('protocol'), t('address'), t('since'), t('bitrate'), t('bytes'), '']}
        >
          {clients.map((client) => (
            <Row key={client.id} client={client} reload={reload} />
          ))}
        </Table>
      )}
      {more?.(total)}
    </>
  );
}

function Row({ client, reload }: { client: Client; reload: () => void }) {
  const { id, publish, ip, type, alive, url, kbps } = client;
  return (
    <tr data-client={id}>
      <th scope="row">
        <Link href={`/sessions/${id}`} class="id">
          {id}
        </Link>
      </th>
      <td data-label={t('stream')}>{url.replace(/^\//, '')}</td>
      <td data-label={t('protocol')}>
        {publish && <span class="tag">{t('publisher')}</span>} {protocolOf(type)}
      </td>
      <td class="peer" data-label={t('address')}>
        {ip}
      </td>
      <td data-label={t('since')}>{formatDuration(alive * 1000)}</td>
      <td data-label={t('bitrate')}>{formatBitrate(publish ? kbps.recv_30s : kbps.send_30s)}</td>
      <td data-label={t('bytes')}>{formatBytes(publish ? client.recv_bytes : client.send_bytes)}</td>
      <td>
        <KickButton client={client} done={reload} />
      </td>
    </tr>
  );
}

/** By which a peer came, from the API's type of client. */
export function protocolOf(type: string): string {
  return type === 'fmle-publish' ? 'RTMP' : protocolName(type.replace(/-publish$/, ''));
}

/** Disconnects a peer; of a publisher the operator must be sure. */
export function KickButton({ client, done }: { client: Client; done: () => void }) {
  const disconnect = async () => {
    if (client.publish && !confirm(t('kickPublisher', { name: client.name }))) return;
    await kick(client.id).catch(() => {}); // gone already: the list tells
    done();
  };
  return (
    <button
      type="button"
      class="danger small"
      onClick={() => void disconnect()}
      aria-label={`${t('kick')}: ${client.ip} ${client.id}`}
    >
      {t('kick')}
    </button>
  );
}
