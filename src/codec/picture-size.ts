import { ProtocolError } from '../base/errors.ts';

/** The largest side of a picture that any level of any codec allows, rounded up. */
const MAX_PICTURE_SIDE = 65_536;

/** A picture's size in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The size, once it is found to be possible; throws otherwise. */
export function pictureSize(width: number, height: number): PictureSize {
  if (width < 1 || height < 1 || width > MAX_PICTURE_SIDE || height > MAX_PICTURE_SIDE) {
    throw new ProtocolError(`picture of ${width} x ${height}`);
  }
  return { width, height };
}
