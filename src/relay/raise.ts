import type { StreamPath } from '../hub/path.ts';
import type { Seen } from '../hub/seen.ts';
import type { Context } from '../module.ts';

const TOPIC = 'raise';

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
  if (seen.token > token || seen.dts > dts) await siblings.ask(TOPIC, { path, ...seen });
}

/** Answers the worker that was asked for a stream of this one. */
export function answerRaises({ hub, siblings }: Context): void {
  siblings.answer(TOPIC, (question) => {
    const { path, token, dts } = question as Question;
    return hub.raise(path, { token, dts: dts ?? Number.NEGATIVE_INFINITY }).then(() => true);
  });
}
