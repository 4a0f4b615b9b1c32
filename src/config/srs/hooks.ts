import { DEFAULT_VHOST } from '../../hub/path.ts';
import { EVENTS } from '../callback-events.ts';
import { feature, find, first, isEnabled, isOn, nothing, type Place, quantity, type Rule, set, warn } from './rules.ts';

/** Whom SRS tells by itself, and that it lives. */
const DEFAULT_HEARTBEAT = 'http://127.0.0.1:8085/api/v1/servers';
const DAY = 86_400;

/** Callbacks: each virtual host has a rule of its own. */
export const hooks: Rule = feature(Object.fromEntries(EVENTS.map((event) => [event, nothing])), (place) => {
  const { directive, to, vhost } = place;
  const given = EVENTS.flatMap((event) => {
    const urls = find(directive, event)?.args ?? [];
    return urls.length > 0 ? [[event, [...urls]] as const] : [];
  });
  if (given.length === 0) return warn(place, 'no URL is given: nobody is called');
  to.add('callbacks.rules', { streams: streamsOf(vhost), ...Object.fromEntries(given) }, directive.where);
  const publish = find(directive, 'on_publish');
  // As in SRS: who is asked about needs no key.
  if (publish && publish.args.length > 0) set({ ...place, directive: publish }, 'access.publishers', 'callbacks');
});

/** The patterns of its streams: those who come by its name have it in lower case. */
function streamsOf(vhost: string): string[] {
  const names = vhost === DEFAULT_VHOST ? [vhost] : [vhost, vhost.toLowerCase()];
  return Array.from(new Set(names), (name) => `${name}/**`);
}

/** Segments are told of as files: they are written to where SRS writes them. */
export function placeSegments(place: Place): void {
  const hls = find(place.directive, 'hls');
  const path = isEnabled(hls) ? find(hls, 'hls_path') : undefined;
  const hook = find(place.directive, 'http_hooks');
  const isTold = isEnabled(hook) && (find(hook, 'on_hls') ?? find(hook, 'on_hls_notify')) !== undefined;
  if (isTold && isEnabled(hls)) {
    set({ ...place, directive: path ?? hls! }, 'hls.disk.folder', path?.args[0] ?? './objs/nginx/html');
    warn({ ...place, directive: hls!, key: 'hls' }, 'the segments that on_hls tells of are files of fMP4');
  } else if (path) {
    warn({ ...place, directive: path, key: 'hls.hls_path' }, 'segments are kept in memory, and no files are written');
  }
}

/** What tells another server that this one lives. */
export const heartbeat: Rule = feature(
  {
    interval: quantity('heartbeat.interval', { unit: 's', least: 0.1, most: DAY }),
    url: nothing,
    device_id: (place) => set(place, 'heartbeat.device', first(place)),
    summaries: (place) => set(place, 'heartbeat.summaries', isOn(place.directive)),
    ports: (place) => set(place, 'heartbeat.ports', isOn(place.directive)),
  },
  (place) => {
    const url = find(place.directive, 'url');
    set(url ? { ...place, directive: url } : place, 'heartbeat.url', url?.args[0] ?? DEFAULT_HEARTBEAT);
  },
);
