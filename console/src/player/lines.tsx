import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Line } from '../../../player/src/index.ts';
import { formatMs } from '../format.ts';
import { Icon } from '../parts/icon.tsx';
import { t } from '../settings.ts';
import type { LivePlayer } from './live-player.ts';

/** How often the figures of the lines are asked for while somebody looks at them, in milliseconds. */
const refreshEvery = 5_000;

/** The button that switches lines, and the list of them. */
export function Lines({ player }: { player: LivePlayer }) {
  const [isOpen, open] = useState(false);
  const [wished, wish] = useState('');
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const { all, line, next } = player.lines.value;
  useRefresh(player, isOpen);
  const close = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    open(false);
    button.current?.focus();
  };
  const choose = ({ id: chosen }: Line) => {
    wish(chosen);
    player.switchTo(chosen);
  };
  return (
    <section class="room-lines" onKeyDown={close}>
      <button
        ref={button}
        type="button"
        class="switch-line"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => open(!isOpen)}
      >
        <Icon name="lines" />
        {t('switchLine')}
        {line && <span class="present">{line.name}</span>}
      </button>
      <p class="said hint" role="status">
        {saying(all, line, next, wished)}
      </p>
      <ul id={id} hidden={!isOpen}>
        {all.map((each) => (
          <Choice
            key={each.id}
            line={each}
            isPresent={each.id === line?.id}
            isNext={each.id === next?.id && each.id === wished}
            choose={choose}
          />
        ))}
      </ul>
      {isOpen && all.length < 2 && <p class="hint">{t('onlyLine')}</p>}
    </section>
  );
}

function useRefresh(player: LivePlayer, isOpen: boolean): void {
  useEffect(() => {
    if (!isOpen) return undefined;
    player.refresh();
    const timer = setInterval(() => player.refresh(), refreshEvery);
    return () => clearInterval(timer);
  }, [player, isOpen]);
}

/** What becomes of a wish; what the player tries by itself nobody needs to know. */
function saying(all: readonly Line[], line: Line | undefined, next: Line | undefined, wished: string): string {
  if (next?.id === wished) return t('switchingTo', { name: next.name });
  const failed = line && line.id !== wished && all.find(({ id }) => id === wished);
  return failed ? t('lineFailed', { name: failed.name }) : '';
}

interface ChoiceProps {
  readonly line: Line;
  readonly isPresent: boolean;
  readonly isNext: boolean;
  readonly choose: (line: Line) => void;
}

function Choice({ line, isPresent, isNext, choose }: ChoiceProps) {
  return (
    <li>
      <button
        type="button"
        class="line"
        data-line={line.id}
        aria-current={isPresent}
        aria-busy={isNext}
        onClick={() => choose(line)}
      >
        <span class="name">
          {line.name}
          <small>{[line.region, line.protocol.toUpperCase()].filter(Boolean).join(' · ')}</small>
        </span>
        {isPresent && <span class="mark-present">{t('presentLine')}</span>}
        <Figures line={line} />
      </button>
    </li>
  );
}

function Figures({ line: { delay_ms, load } }: { line: Line }) {
  const percent = load === undefined ? undefined : Math.round(load * 100);
  return (
    <span class="figures">
      <span>{delay_ms === undefined ? '–' : t('lineDelay', { delay: formatMs(delay_ms) })}</span>
      {percent !== undefined && (
        <span class="load" data-high={percent >= 80}>
          <span class="bar" style={{ '--share': `${Math.min(100, percent)}%` }} />
          {t('lineLoad', { percent })}
        </span>
      )}
    </span>
  );
}
