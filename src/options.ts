import { z } from 'zod';
import { metricsOptions } from './api/options.ts';
import { callbacksOptions, heartbeatOptions } from './callbacks/options.ts';
import { coreOptions } from './config/options.ts';
import { dispatchOptions } from './dispatch/options.ts';
import { hlsOptions } from './protocol/hls/options.ts';
import { httpOptions } from './protocol/http/options.ts';
import { rtmpOptions } from './protocol/rtmp/options.ts';
import { recordOptions } from './record/options.ts';
import { legacyOptions } from './relay/legacy/options.ts';
import { routesOptions } from './routes/options.ts';

/** All options: those of the server itself, and those that modules bring. */
export const configSchema = z.strictObject({
  rtmp: rtmpOptions,
  http: httpOptions,
  hls: hlsOptions,
  record: recordOptions,
  routes: routesOptions,
  callbacks: callbacksOptions,
  heartbeat: heartbeatOptions,
  metrics: metricsOptions,
  dispatch: dispatchOptions,
  legacy: legacyOptions,
  ...coreOptions,
});

/** {@link configSchema} as the program reads it. */
export type Config = z.output<typeof configSchema>;
