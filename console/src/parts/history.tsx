import { useState } from 'preact/hooks';
import { formatBitrate, formatBytes, formatMs, formatPercent } from '../format.ts';
import { later } from '../later.tsx';
import { nodeName } from '../names.ts';
import type { Column, NodeHistory } from '../operator.ts';
import { t } from '../settings.ts';
import type { StringKey } from '../strings.ts';
import { useHistory } from '../use-history.ts';
import type { ChartProps } from './chart.tsx';

/** The library that draws is loaded when there is something to draw. */
const Chart = later<ChartProps>(async () => (await import('./chart.tsx')).Chart);

interface Kind {
  readonly title: StringKey;
  readonly columns: readonly Column[];
  readonly names?: readonly StringKey[];
  readonly least: number;
  readonly format: (value: number) => string;
}

const whole = (value: number) => String(Math.round(value * 10) / 10);
const kinds: readonly Kind[] = [
  { title: 'viewers', columns: ['viewers'], least: 4, format: whole },
  {
    title: 'traffic',
    columns: ['send_kbps', 'recv_kbps'],
    names: ['trafficOut', 'trafficIn'],
    least: 1000,
    format: formatBitrate,
  },
  { title: 'cpuCores', columns: ['cpu'], least: 0.1, format: (value) => t('percent', { value: formatPercent(value) }) },
  { title: 'loopDelay', columns: ['delay_ms'], least: 5, format: formatMs },
  { title: 'memory', columns: ['memory'], least: 2e8, format: formatBytes },
  { title: 'live', columns: ['streams'], least: 4, format: whole },
];

/** An hour of a node in some charts, with the choice of the node where there are several. */
export function History() {
  const { data } = useHistory();
  const [chosen, choose] = useState<string | undefined>();
  const node = data?.find(({ id }) => id === chosen) ?? data?.[0];
  if (!data || !node) return null;
  return (
    <section class="history">
      <div class="heading">
        <h2>{t('lastHour')}</h2>
        {data.length > 1 && (
          <select aria-label={t('linkNode')} value={node.id} onChange={(event) => choose(event.currentTarget.value)}>
            {data.map((each) => (
              <option key={each.id} value={each.id}>
                {nodeName(each)}
              </option>
            ))}
          </select>
        )}
      </div>
      <div class="charts">
        {kinds.map((kind) => (
          <Panel key={`${node.id} ${kind.title}`} kind={kind} node={node} />
        ))}
      </div>
    </section>
  );
}

/** Nothing is drawn of what a node does not tell. */
function Panel({ kind: { title, columns, names, least, format }, node }: { kind: Kind; node: NodeHistory }) {
  const lines = columns.map((name) => node[name]);
  if (node.time_ms.length > 0 && lines.every((line) => line.every((value) => value === null))) return null;
  const now = lines.map((line) => line.at(-1) ?? undefined);
  const inWords = now.map((value, i) =>
    [names && t(names[i]!), value === undefined ? '–' : format(value)].filter(Boolean).join(' '),
  );
  const most = Math.max(0, ...lines.flat().map((value) => value ?? 0));
  return (
    <figure class="card panel" data-chart={title}>
      <figcaption>
        <span>{t(title)}</span>
        <span class="now">
          {inWords.map((words, i) => (
            <b key={i} class={i > 0 ? 'second' : ''}>
              {words}
            </b>
          ))}
        </span>
      </figcaption>
      <Chart
        label={t('chartInWords', { title: t(title), now: inWords.join(', '), most: format(most) })}
        times={node.time_ms}
        lines={lines}
        least={least}
        format={format}
      />
    </figure>
  );
}
