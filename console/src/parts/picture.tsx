import { useEffect, useRef, useState } from 'preact/hooks';
import { formatBitrate, formatCount } from '../format.ts';
import { nodeName } from '../names.ts';
import { BUSY, cpuShare } from '../operator.ts';
import { type DrawnNode, type Flow, type Picture, PUBLISHERS } from '../picture.ts';
import { type Box, layOut, type Way } from '../picture-layout.ts';
import { t } from '../settings.ts';
import { mediaInWords, percent } from './link-words.ts';

/** More is noticed by those who watch, where nothing repairs it. */
const NOTICED = 0.005;
/** How wide a letter of a name is, and from where on streams are told beside viewers; in pixels. */
const LETTER = 8;
const WIDE = 170;
/** Beside the gauge: its words. */
const GAUGE_END = 90;

/** The nodes and what flows between them. */
export function ClusterPicture({ picture }: { picture: Picture }) {
  const [frame, width] = useWidth();
  const { height, boxes, ways, isUpright } = layOut(picture, width);
  const nodes = new Map(picture.nodes.map((node) => [node.id, node]));
  return (
    <figure class="card picture" aria-label={t('picture')}>
      <div ref={frame}>
        {width > 0 && (
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={describe(picture)}
            class={isUpright ? 'upright' : ''}
          >
            {ways.map((way) => (
              <FlowLine key={`${way.flow.from} ${way.flow.to}`} way={way} />
            ))}
            {ways.map((way) => (
              <FlowWords key={`${way.flow.from} ${way.flow.to}`} way={way} />
            ))}
            {boxes.map((box) => {
              const node = nodes.get(box.id);
              return node ? (
                <NodeBox key={box.id} box={box} node={node} />
              ) : (
                <EndBox key={box.id} box={box} picture={picture} />
              );
            })}
          </svg>
        )}
      </div>
      {picture.hidden > 0 && <figcaption class="hint">{t('moreNodes', { count: picture.hidden })}</figcaption>}
    </figure>
  );
}

/** How wide the element is, as long as it is there. */
function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  return [frame, width] as const;
}

function NodeBox({ box: { x, y, width, height }, node }: { box: Box; node: DrawnNode }) {
  const { role, self, viewers, streams, kbps } = node;
  const cpu = node.cpu === undefined ? undefined : cpuShare({ ...node, cpu: node.cpu });
  const facts = [
    width >= WIDE && streams !== undefined && t('statStreams', { count: streams }),
    viewers !== undefined && t('statViewers', { count: viewers }),
  ].filter(Boolean);
  const look = ['node', self && 'self', cpu === undefined && 'unknown', (cpu ?? 0) > BUSY && 'busy']
    .filter(Boolean)
    .join(' ');
  return (
    <g class={look} data-node={node.id} transform={`translate(${x} ${y})`}>
      <rect width={width} height={height} rx="10" />
      <text x="12" y="20" class="node-name">
        {shorten(nodeName(node), width / LETTER)}
      </text>
      <text x="12" y="37">
        {facts.join(' · ') || t(role)}
      </text>
      <text x="12" y="54">
        {[t(role), kbps !== undefined && formatBitrate(kbps)].filter(Boolean).join(' · ')}
      </text>
      {cpu !== undefined && (
        <>
          <rect class="gauge" x="12" y={height - 18} width={width - GAUGE_END} height="6" rx="3" />
          <rect
            class="gauge-now"
            x="12"
            y={height - 18}
            width={Math.min(1, cpu) * (width - GAUGE_END)}
            height="6"
            rx="3"
          />
          <text x={width - 12} y={height - 11} text-anchor="end">
            {t('statCpu', { percent: Math.round(cpu * 100) })}
          </text>
        </>
      )}
    </g>
  );
}

/** There is room for so much. */
function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function EndBox({ box: { id, x, y, width, height }, picture }: { box: Box; picture: Picture }) {
  const isSource = id === PUBLISHERS;
  const count = isSource
    ? sum(picture.flows.filter(({ from }) => from === id).map(({ streams }) => streams))
    : sum(picture.nodes.map(({ viewers }) => viewers));
  return (
    <g class="end" transform={`translate(${x} ${y})`}>
      <rect width={width} height={height} rx="23" />
      <text x={width / 2} y="20" text-anchor="middle" class="node-name">
        {formatCount(count)}
      </text>
      <text x={width / 2} y="36" text-anchor="middle">
        {t(isSource ? 'publishers' : 'viewers')}
      </text>
    </g>
  );
}

function FlowLine({ way: { flow, path } }: { way: Way }) {
  const { kbps, loss = 0, media } = flow;
  const look = [
    'flow',
    loss > NOTICED && 'lossy',
    media === 'reliable' && 'reliable',
    kbps === undefined && 'unmeasured',
  ];
  // A line twice as thick carries ten times as much.
  const thick = kbps === undefined ? 1.5 : Math.min(7, 1.5 + 1.2 * Math.log10(1 + kbps / 100));
  return (
    <g class={look.filter(Boolean).join(' ')} data-flow={`${flow.from} ${flow.to}`}>
      <path d={path} class="bed" stroke-width={thick} />
      {kbps !== 0 && <path d={path} class="drops" stroke-width={Math.max(1.5, thick - 1)} />}
      <title>{[flowInWords(flow), media && mediaInWords(media)].filter(Boolean).join(', ')}</title>
    </g>
  );
}

/** Above all lines. */
function FlowWords({ way: { flow, label, back } }: { way: Way }) {
  if (!label) return null;
  const look = (flow.loss ?? 0) > NOTICED ? 'words lossy' : 'words';
  return (
    <text class={look} data-words={`${flow.from} ${flow.to}`} x={label.x} y={label.y} text-anchor={label.anchor}>
      {back && `${back} `}
      {flowInWords(flow)}
    </text>
  );
}

function flowInWords({ kbps, loss, streams }: Flow): string {
  if (kbps === undefined) return streams === undefined ? '' : t('statStreams', { count: streams });
  const lost = loss === undefined ? '' : t('flowLoss', { loss: percent(loss) });
  return [formatBitrate(kbps), lost].filter(Boolean).join(' · ');
}

function describe({ nodes, flows }: Picture): string {
  const name = (id: string) => nodes.find((node) => node.id === id);
  const ends = (id: string) => (name(id) ? nodeName(name(id)!) : t(id === PUBLISHERS ? 'publishers' : 'viewers'));
  return flows.map((flow) => `${ends(flow.from)} → ${ends(flow.to)}: ${flowInWords(flow)}`).join('; ');
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
