import { formatMs, protocolName } from '../format.ts';
import { getLines } from '../operator.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';
import { Table } from './stream-facts.tsx';

/** The lines by which a stream can be watched, as they would be given out now; nothing where the server gives none. */
export function LineList({ stream }: { stream: string }) {
  const { data } = usePoll(() => getLines(stream), 5_000, stream);
  if (!data || data.length === 0) return null;
  return (
    <section>
      <h2>{t('linesOfStream')}</h2>
      <Table look="cards" head={[t('line'), t('protocol'), t('delay'), t('load'), t('hasStream')]}>
        {data.map(({ id, name, protocol, delay_ms: delay, load, has_stream: has }) => (
          <tr key={id}>
            <th scope="row">{name}</th>
            <td data-label={t('protocol')}>{protocolName(protocol)}</td>
            <td data-label={t('delay')}>{formatMs(delay)}</td>
            <td data-label={t('load')}>{t('percent', { value: Math.round(load * 100) })}</td>
            <td data-label={t('hasStream')}>{t(has ? 'yes' : 'no')}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
