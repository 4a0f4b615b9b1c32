import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { RefusedError } from '../base/errors.ts';
import { readBody } from '../net/http.ts';
import { ApiError } from './error.ts';

/** The body of a request as JSON of this shape; `like` shows it to a client that is wrong. Throws {@link ApiError} 400 or 413. */
export async function readJson<Shape extends z.ZodType>(
  request: IncomingMessage,
  shape: Shape,
  like: string,
): Promise<z.output<Shape>> {
  const text = await readBody(request).catch((error: Error) => {
    const isTooLarge = error instanceof RefusedError && error.code === 'too-large';
    throw new ApiError(isTooLarge ? 413 : 400, error.message);
  });
  const { success, data } = shape.safeParse(parse(text.toString()));
  if (!success) throw new ApiError(400, `the body must be ${like}`);
  return data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
