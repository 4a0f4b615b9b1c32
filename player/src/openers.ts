import { openHttpFlv, openWebSocketFlv } from './flv-source.ts';
import { openHls } from './hls-source.ts';
import type { Open } from './source.ts';

/** How a line of each protocol is opened, the dearest protocol first. */
export const OPENERS: ReadonlyMap<string, Open> = new Map([
  ['http-flv', openHttpFlv],
  ['ws-flv', openWebSocketFlv],
  ['ll-hls', openHls],
  ['hls', openHls],
]);
