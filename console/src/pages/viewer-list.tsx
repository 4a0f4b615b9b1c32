import { type Client, kick, type LiveStream, listClients, listLimit } from '../api.ts';
import { formatBytes, formatDuration, protocolName } from '../format.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';

/** Everybody connected to a stream, the publisher first, each with a button to disconnect them. */
export function ViewerList({ stream, onKick }: { stream: LiveStream; onKick: () => void }) {
  const { data, reload } = usePoll(listClients, 3_000);
  if (!data) return <p class="hint">{t('loading')}</p>;
  const clients = data
    .filter((client) => client.stream === stream.id)
    .sort((a, b) => Number(b.publish) - Number(a.publish));

  const disconnect = async (client: Client) => {
    if (client.publish && !confirm(t('kickPublisher', { name: stream.name }))) return;
    await kick(client.id).catch(() => {}); // gone already: the reloaded list tells
    reload();
    onKick();
  };
  return (
    <>
      {clients.every((client) => client.publish) && <p class="hint">{t('nobody')}</p>}
      <ul class="clients">
        {clients.map((client) => (
          <Peer key={client.id} client={client} disconnect={() => void disconnect(client)} />
        ))}
      </ul>
      {data.length >= listLimit && <p class="hint">{t('firstShown', { count: listLimit })}</p>}
    </>
  );
}

function Peer({ client, disconnect }: { client: Client; disconnect: () => void }) {
  const bytes = client.publish ? client.recv_bytes : client.send_bytes;
  return (
    <li>
      <span class="peer">{client.ip}</span>
      <span>{client.publish ? t('publisher') : protocolName(client.type)}</span>
      <span>{formatDuration(client.alive * 1000)}</span>
      <span>{formatBytes(bytes)}</span>
      <button type="button" class="danger" onClick={disconnect} aria-label={`${t('kick')}: ${client.ip}`}>
        {t('kick')}
      </button>
    </li>
  );
}
