import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatCount } from '../format.ts';
import {
  getMove,
  leaving,
  type MoveProgress,
  type MoveWish,
  type Place,
  paces,
  readPace,
  startMove,
} from '../moves.ts';
import { nodeName } from '../names.ts';
import type { ClusterNode } from '../operator.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';

interface Props {
  /** All nodes of the cluster: those that are not left themselves may be gone to. */
  readonly nodes: readonly ClusterNode[];
  /** Where those are who may be moved. */
  readonly places: readonly Place[];
  /** The node that they leave; else it is chosen. */
  readonly node?: string;
  /** Viewers of this stream alone. */
  readonly stream?: string;
  readonly onClose: () => void;
}

/** The button that opens the dialog; nothing where there is no other node, or nobody. An open dialog stays until it is closed. */
export function MoveButton({ label, ...rest }: Omit<Props, 'onClose'> & { readonly label: string }) {
  const [open, setOpen] = useState(false);
  const hasTarget = rest.nodes.some(({ id, draining }) => id !== rest.node && !draining);
  const isPossible = hasTarget && rest.places.length > 0;
  if (!isPossible && !open) return null;
  return (
    <>
      <button type="button" aria-haspopup="dialog" aria-label={label} onClick={() => setOpen(true)}>
        {t('move')}
      </button>
      {open && <MoveDialog {...rest} onClose={() => setOpen(false)} />}
    </>
  );
}

/** Asks where viewers are to go, says how many those are, sends them, and tells how far that is. */
function MoveDialog({ onClose, ...asked }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [move, setMove] = useState('');
  useEffect(() => dialog.current!.showModal(), []);
  const title = asked.stream === undefined ? nodeName({ id: asked.node ?? '' }) : asked.stream;
  return (
    <dialog ref={dialog} class="card move" aria-labelledby="move-title" onClose={onClose}>
      <h2 id="move-title">{t('moveTitle', { name: title })}</h2>
      {move === '' ? <Question {...asked} onBegun={setMove} /> : <Progress id={move} />}
      {move !== '' && <Close onClick={() => dialog.current!.close()} />}
    </dialog>
  );
}

/** Has the focus as soon as it is there, so that the keyboard stays in the dialog. */
function Close({ onClick }: { onClick: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current!.focus(), []);
  return (
    <div class="actions">
      <button ref={button} type="button" onClick={onClick}>
        {t('close')}
      </button>
    </div>
  );
}

function Question({
  nodes,
  places,
  node,
  stream,
  onBegun,
}: Omit<Props, 'onClose'> & { onBegun: (move: string) => void }) {
  const [from, setFrom] = useState(node ?? '');
  const [to, setTo] = useState<string | undefined>();
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState('');
  const [isSending, setSending] = useState(false);
  const targets = nodes.filter(({ id, draining }) => id !== from && !draining);
  // Away from everywhere nobody can go.
  const chosen =
    to !== undefined && targets.some(({ id }) => id === to) ? to : from === '' ? (targets[0]?.id ?? '') : '';
  const pace = readPace(typed);
  const viewers = leaving(places, from, chosen);
  const send = async (event: Event) => {
    event.preventDefault();
    if (pace === 'wrong') return;
    setSending(true);
    const wish: MoveWish = {
      ...(from !== '' && { node: from }),
      ...(stream !== undefined && { stream }),
      ...(chosen !== '' && { to: chosen }),
      ...(pace !== undefined && { pace }),
    };
    await startMove(wish).then(onBegun, (error: Error) => {
      setProblem(error.message);
      setSending(false);
    });
  };
  const names = { from: from === '' ? t('moveAll') : nodeName({ id: from }), to: nodeName({ id: chosen }) };
  return (
    <form onSubmit={(event) => void send(event)}>
      {node === undefined && (
        <Choice id="move-from" label={t('moveFrom')} value={from} onChange={setFrom}>
          <option value="">{t('moveAll')}</option>
          {places.map(({ id, viewers: count }) => (
            <option key={id} value={id}>
              {`${nodeName({ id })} (${formatCount(count)})`}
            </option>
          ))}
        </Choice>
      )}
      <Choice id="move-to" label={t('moveTo')} value={chosen} onChange={setTo}>
        {from !== '' && <option value="">{t('moveAnywhere')}</option>}
        {targets.map(({ id, self }) => (
          <option key={id} value={id}>
            {nodeName({ id, self })}
          </option>
        ))}
      </Choice>
      <label for="move-pace">{t('movePace')}</label>
      <input
        id="move-pace"
        type="number"
        inputMode="numeric"
        min={paces.least}
        max={paces.most}
        step="1"
        placeholder={t('moveConfigured')}
        value={typed}
        aria-describedby="move-pace-more"
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <p class="hint" id="move-pace-more">
        {typeof pace === 'number' && viewers > 0
          ? t('moveTakes', { seconds: formatCount(Math.ceil(viewers / pace)) })
          : t('movePaceMore')}
      </p>
      <p class="outlook" role="status">
        {viewers === 0
          ? t('moveNobody')
          : t(chosen === '' ? 'moveWillAway' : 'moveWill', { count: formatCount(viewers), ...names })}
      </p>
      <p class="hint">{t('moveHow')}</p>
      {problem !== '' && (
        <p class="warn" role="alert">
          {t('apiFailed', { reason: problem })}
        </p>
      )}
      <div class="actions">
        <button type="button" onClick={(event) => event.currentTarget.closest('dialog')!.close()}>
          {t('cancel')}
        </button>
        <button type="submit" class="button primary" disabled={isSending || pace === 'wrong'}>
          {t('moveNow', { count: formatCount(viewers) })}
        </button>
      </div>
    </form>
  );
}

function Choice({
  id,
  label,
  value,
  onChange,
  children,
}: {
  id: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  children: ComponentChildren;
}) {
  return (
    <>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {children}
      </select>
    </>
  );
}

/** Nodes tell every second what has become of it; by then all have heard of it. */
const ALL_KNOWN_MS = 3_000;

function Progress({ id }: { id: string }) {
  const { data, error } = usePoll(() => getMove(id), 1_000);
  const [since] = useState(() => Date.now());
  if (!data) return <p class="hint">{t(error === undefined ? 'loading' : 'moveUnknown')}</p>;
  const isOver = data.told >= data.listeners && Date.now() - since >= ALL_KNOWN_MS;
  return (
    <div class="progress" data-over={isOver}>
      <Bar label={t('moveTold')} value={data.told} most={data.listeners} />
      <Bar label={t('moveGone')} value={data.gone} most={data.viewers} />
      <p role="status">{verdict(data, isOver)}</p>
      {data.silent > 0 && <p class="hint">{t('moveSilent', { count: data.silent })}</p>}
    </div>
  );
}

function verdict({ listeners, viewers, gone }: MoveProgress, isOver: boolean): string {
  if (!isOver) return t('moveGoing');
  if (listeners === 0) return t('moveNoListener');
  const stay = viewers - gone;
  return stay > 0 ? t('moveStay', { count: formatCount(stay) }) : t('moveDone');
}

function Bar({ label, value, most }: { label: string; value: number; most: number }) {
  return (
    <div class="bar">
      <span>{label}</span>
      <b>{t('ofAll', { count: formatCount(value), all: formatCount(most) })}</b>
      <meter min={0} max={Math.max(1, most)} value={value} aria-hidden="true" />
    </div>
  );
}
