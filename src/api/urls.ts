import { readPath, type StreamPath } from '../hub/path.ts';
import { ApiError } from './error.ts';

/** The path of a stream as people write it. Throws {@link ApiError} 400. */
export function readStream(name: string): StreamPath {
  try {
    return readPath(name);
  } catch (error) {
    throw new ApiError(400, (error as Error).message);
  }
}
