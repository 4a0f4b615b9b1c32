import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { language, theme } from '../settings.ts';

/** One or two lines over time. */
export interface ChartProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** Unix milliseconds. */
  readonly times: readonly number[];
  readonly lines: readonly (readonly (number | null)[])[];
  /** The scale goes up to this at least. */
  readonly least: number;
  readonly format: (value: number) => string;
}

const HEIGHT = 132;
/** So much time is shown at least. */
const SHORTEST_S = 300;
const AXIS_FONT = '11px system-ui, sans-serif';
const [SPLIT_PX, LEFT_PX] = [34, 72];

/** A chart of the last hour, as wide as its place. */
export function Chart({ label, times, lines, least, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const data = [times.map((time) => time / 1000), ...lines.map((line) => [...line])] as UPlot.AlignedData;

  useEffect(() => {
    const element = place.current!;
    const drawn = new UPlot(options(element, lines.length, least, format), data, element);
    plot.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => drawn.redraw(false, true);
    scheme.addEventListener('change', redraw);
    return () => {
      scheme.removeEventListener('change', redraw);
      observer.disconnect();
      drawn.destroy();
    };
  }, [lines.length, language.value]);
  useEffect(() => plot.current?.setData(data), [times.at(-1), times.length]);
  useEffect(() => plot.current?.redraw(false, true), [theme.value]);
  return <div ref={place} class="chart" role="img" aria-label={label} />;
}

function options(element: HTMLElement, count: number, least: number, format: ChartProps['format']): UPlot.Options {
  const colour = (name: string) => () => colourOf(element, name);
  const axis = { stroke: colour('--soft'), font: AXIS_FONT, ticks: { show: false } };
  const grid = { stroke: colour('--line'), width: 1 };
  const line = (name: string, fill: boolean): UPlot.Series => ({
    ...{ stroke: colour(name), width: 1.5, points: { show: false }, spanGaps: false },
    ...(fill && { fill: () => colourOf(element, name).replace(/^rgb\((.+)\)$/, 'rgba($1, 0.14)') }),
  });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [10, 6, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_plot, first, last) => [Math.min(first, last - SHORTEST_S), last] },
      y: { range: (_plot, _least, most) => [0, Math.max(least, most * 1.1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 70, values: (_plot, splits) => splits.map(clock) },
      { ...axis, grid, size: LEFT_PX, space: SPLIT_PX, values: (_plot, splits) => splits.map(format) },
    ],
    series: [{}, line('--accent', true), ...(count > 1 ? [line('--second', false)] : [])],
  };
}

/** A canvas knows no `light-dark()`: the browser makes a plain colour of it where it is the colour of an element. */
function colourOf(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = '';
  return color;
}

function clock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}
