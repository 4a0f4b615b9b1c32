/** What is told by HTTP, in SRS's words. */
export const EVENTS = [
  'on_connect',
  'on_close',
  'on_publish',
  'on_unpublish',
  'on_play',
  'on_stop',
  'on_dvr',
  'on_hls',
  'on_hls_notify',
] as const;

/** One of {@link EVENTS}. */
export type EventName = (typeof EVENTS)[number];
