import type { HttpAnswer } from '../net/ask-http.ts';

const GOOD: ReadonlySet<number> = new Set([200, 201]);
/** A server that says so may say something else later (RFC 9110, 15.5.9; RFC 6585, 4). */
const LATER: ReadonlySet<number> = new Set([408, 429]);

/** Why an answer is no yes, which is 200 or 201 with the number 0, or with an object whose `code` is 0; undefined where it is. */
export function refusalIn({ status, text }: HttpAnswer): string | undefined {
  if (!GOOD.has(status)) return `the answer has the status ${status}`;
  if (text.trim() === '') return 'the answer is empty';
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return 'the answer is no JSON';
  }
  const code = typeof answer === 'object' && answer !== null ? (answer as { code?: unknown }).code : answer;
  if (code === 0) return undefined;
  return Number.isSafeInteger(code) ? `the answer has the code ${code as number}` : 'the answer has no code';
}

/** Whether it is worth asking again: the server itself is in trouble. */
export function isTemporary({ status }: HttpAnswer): boolean {
  return status >= 500 || LATER.has(status);
}
