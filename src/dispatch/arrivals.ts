import type { Session, Sessions } from '../hub/session.ts';
import { TICKET } from './line.ts';

const GIVEN = new RegExp(`[?&]${TICKET}=([\\w-]{1,64})(?:&|$)`);

/** Finds out whose tickets have come, from one look at the sessions to the next. */
export class Arrivals {
  readonly #sessions: Sessions;
  readonly #seen = new WeakSet<Session>();

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  take(): string[] {
    const tickets: string[] = [];
    for (const session of this.#sessions) {
      if (session.role === undefined || this.#seen.has(session)) continue;
      this.#seen.add(session);
      const ticket = ticketIn(session);
      if (ticket !== undefined) tickets.push(ticket);
    }
    return tickets;
  }
}

/** The ticket with which somebody came, if he had one. */
function ticketIn({ detail }: Session): string | undefined {
  return GIVEN.exec(detail['url'] ?? detail['param'] ?? '')?.[1];
}
