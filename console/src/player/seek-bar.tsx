import { useState } from 'preact/hooks';

interface Props {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly value: number;
  /** How far an arrow key goes. */
  readonly step: number;
  /** A value as people read it. */
  readonly text: (value: number) => string;
  /** Where something is chosen, both ends. */
  readonly chosen?: readonly [number, number] | undefined;
  readonly onSeek: (value: number) => void;
}

const directions: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };

/** Where one is in time, and the way elsewhere: what is dragged to is shown at once, and sought when it is let go. */
export function SeekBar({ label, min, max, value, step, text, chosen, onSeek }: Props) {
  const [dragged, drag] = useState<number>();
  const shown = Math.min(max, Math.max(min, dragged ?? value));
  const share = (at: number) => `${max > min ? ((at - min) / (max - min)) * 100 : 0}%`;
  const style = {
    '--done': share(shown),
    ...(chosen && { '--chosen-from': share(chosen[0]), '--chosen-to': share(chosen[1]) }),
  };
  const seek = (at: number) => {
    drag(undefined);
    onSeek(Math.min(max, Math.max(min, at)));
  };
  const press = (event: KeyboardEvent) => {
    const direction = directions[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    seek(shown + direction * step);
  };
  return (
    <div class="seek-bar" style={style}>
      <input
        type="range"
        min={min}
        max={max}
        step="any"
        aria-label={label}
        aria-valuetext={text(shown)}
        value={shown}
        onInput={(event) => drag(Number(event.currentTarget.value))}
        onChange={(event) => seek(Number(event.currentTarget.value))}
        onKeyDown={press}
      />
      {dragged !== undefined && <output>{text(shown)}</output>}
    </div>
  );
}
