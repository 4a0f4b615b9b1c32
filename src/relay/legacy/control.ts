import { randomInt } from 'node:crypto';
import type { LegacyAnswer } from './wire/livestat.ts';

type Query = { get(name: string): string | null };

const KEY_LENGTH = 48;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const MOST_ROOMS = 10_000;
const LONGEST_ROOM = 256;
const WRONG_PARAMETERS = 'control push parameter error, please check them.';

/** What `/control/…` does, by the last part of its path, and what it answers: livego's shapes. */
export class Control {
  /** As in the original the keys are kept and shown, and nobody has to have one. */
  readonly #keys = new Map<string, string>();
  readonly #operations: Record<string, (query: Query) => LegacyAnswer> = {
    get: (query) => this.#withRoom('get', query, (room) => ok(this.#keys.get(room) ?? this.#renew(room))),
    reset: (query) => this.#withRoom('reset', query, (room) => ok(this.#renew(room))),
    delete: (query) => this.#withRoom('delete', query, (room) => this.#delete(room)),
    push: (query) => ok(isComplete(query) ? `push error=${refusal('push')}` : WRONG_PARAMETERS),
    pull: (query) => ({ status: 400, data: isComplete(query) ? `pull error=${refusal('pull')}` : WRONG_PARAMETERS }),
  };

  /** Does one thing; undefined where there is no such thing to do. */
  handle(operation: string, query: Query): LegacyAnswer | undefined {
    return Object.hasOwn(this.#operations, operation) ? this.#operations[operation]!(query) : undefined;
  }

  #withRoom(operation: string, query: Query, act: (room: string) => LegacyAnswer): LegacyAnswer {
    const room = query.get('room') ?? '';
    if (room === '' || room.length > LONGEST_ROOM)
      return { status: 400, data: `url: /control/${operation}?room=<ROOM_NAME>` };
    return act(room);
  }

  #renew(room: string): string {
    const key = Array.from({ length: KEY_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    if (!this.#keys.has(room) && this.#keys.size === MOST_ROOMS) this.#keys.delete(this.#keys.keys().next().value!);
    this.#keys.set(room, key);
    return key;
  }

  #delete(room: string): LegacyAnswer {
    return this.#keys.delete(room) ? ok('Ok') : { status: 404, data: 'room not found' };
  }
}

function ok(data: string): LegacyAnswer {
  return { status: 200, data };
}

function isComplete(query: Query): boolean {
  return ['oper', 'app', 'name', 'url'].every((name) => query.get(name));
}

function refusal(what: string): string {
  return `this server does not ${what} streams on demand`;
}
