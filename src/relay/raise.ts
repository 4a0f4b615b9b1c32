import type { StreamPath } from '../hub/path.ts';
import { goesOnWith, type Seen, whenAsFar } from '../hub/seen.ts';
import type { Stream } from '../hub/stream.ts';
import type { Context } from '../module.ts';

const [RAISE, GOES_ON] = ['raise', 'goes-on'];

/** As JSON has it. */
interface Question {
  readonly path: StreamPath;
  readonly token: number;
  readonly dts: number | null;
}

/** Has the worker that owns a stream go on behind what a subscriber has seen of it; see `Hub.raise`. */
export async function raise({ hub, siblings }: Context, path: StreamPath, seen: Seen): Promise<void> {
  const owner = siblings.ownerOf(path);
  if (owner === undefined || owner === siblings.worker) return hub.raise(path, seen);
  const { token, dts } = hub.seen(path);
  // Nearly always its owner knows of that already.
  if (seen.token > token || seen.dts > dts) await siblings.ask(RAISE, { path, ...seen });
}

/** Resolves when a stream is as far as a subscriber has seen it, where its publisher, who may be another worker's, is about to be; see `whenAsFar`. */
export async function whenRaised(
  { siblings, clock }: Pick<Context, 'siblings' | 'clock'>,
  stream: Stream,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  if (!stream.mirrored?.isInner) return whenAsFar(stream, seen, clock, signal);
  if (stream.newest.dts >= seen.dts) return;
  const answers = await siblings.ask(GOES_ON, { path: stream.path, ...seen });
  await whenAsFar(stream, seen, clock, signal, () => answers.includes(true));
}

/** Answers the worker that was asked for a stream of this one. */
export function answerRaises({ hub, siblings }: Pick<Context, 'hub' | 'siblings'>): void {
  siblings.answer(RAISE, (question) => hub.raise(...readQuestion(question)).then(() => true));
  siblings.answer(GOES_ON, (question) => {
    const [path, seen] = readQuestion(question);
    const stream = hub.find(path);
    return stream !== undefined && goesOnWith(stream, seen);
  });
}

function readQuestion(question: unknown): [path: StreamPath, seen: Seen] {
  const { path, token, dts } = question as Question;
  return [path, { token, dts: dts ?? Number.NEGATIVE_INFINITY }];
}
