import { signal } from '@preact/signals';
import { ApiError, getSession, logOut, type Session } from './api.ts';

/** Who the visitor is to the server; undefined until it has answered. */
export const session = signal<Session | undefined>(undefined);

/** Asks the server again; rejects with {@link ApiError}. */
export async function refreshSession(): Promise<void> {
  session.value = await getSession();
}

/** Ends the visitor's admin session. */
export async function endSession(): Promise<void> {
  await logOut();
  await refreshSession();
}

/** Takes note of an answer that says that the visitor is no admin any more. */
export function noticeRefusal(error: unknown): void {
  const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
  if (refused && session.value) session.value = { ...session.value, admin: false };
}
