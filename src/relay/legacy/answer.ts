import type { ServerResponse } from 'node:http';
import { sendJson } from '../../net/http.ts';
import type { LegacyAnswer } from './wire/livestat.ts';

/** Answers as the original nodes do: the HTTP status stands in the body, too. */
export function answer(response: ServerResponse, { status, data }: LegacyAnswer, isOpen = false): void {
  if (isOpen) response.setHeader('access-control-allow-origin', '*');
  sendJson(response, status, { status, data });
}
