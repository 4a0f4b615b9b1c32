import { DEFAULT_VHOST } from '../../hub/path.ts';
import { feature, find, first, nothing, type Place, set, warn, within, without } from './rules.ts';

/** What SRS takes where nothing is said, and what it puts behind a path without variables. */
const [DEFAULT_PATH, DEFAULT_NAME] = ['./objs/nginx/html', '[app]/[stream].[timestamp].flv'];
const FORMATS: Readonly<Record<string, string>> = { flv: 'flv', mp4: 'fmp4' };
/** What the names of recordings may be made of; see src/record/name.ts. */
const VARIABLES = /\[(?:vhost|app|stream|2006|01|02|15|04|05|999|timestamp)\]/g;
const NAME = /^[\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*$/;
const LONGEST_SPLIT = 365 * 86_400;

/** Recordings. */
export const dvr = feature(
  {
    dvr_apply: nothing,
    dvr_plan: nothing,
    dvr_duration: nothing,
    dvr_path: nothing,
    dvr_wait_keyframe: without('a file begins with a key frame', 'on'),
    time_jitter: without('frames keep the times of the stream', 'full'),
    append: without('every recording has a file of its own'),
  },
  (place) => {
    recordPaths(place);
    recordSplit(place);
    recordName(place);
  },
);

function recordPaths({ directive, to, vhost }: Place): void {
  const apply = find(directive, 'dvr_apply');
  const prefix = vhost === DEFAULT_VHOST ? '' : `${vhost}/`;
  for (const path of apply?.args ?? ['all'])
    to.add(
      'record.paths',
      path === 'all' ? (prefix ? `${prefix}**` : '*/*') : `${prefix}${path}`,
      (apply ?? directive).where,
    );
}

/** Where nothing else is said, a recording is as long as its session. */
function recordSplit(place: Place): void {
  const [plan, duration] = [find(place.directive, 'dvr_plan'), find(place.directive, 'dvr_duration')];
  const kind = plan?.args[0] ?? 'session';
  if (kind !== 'segment') {
    set({ ...place, directive: plan ?? place.directive }, 'record.split.every', '0s');
    if (kind !== 'session')
      warn({ ...place, directive: plan!, key: `${place.key}.dvr_plan` }, 'a recording goes on until the stream ends');
    return;
  }
  const at = { ...place, directive: duration ?? plan!, key: `${place.key}.dvr_duration` };
  const limits = { unit: 's', least: 1, most: LONGEST_SPLIT } as const;
  set(at, 'record.split.every', duration ? within(at, 'record.split.every', limits) : '30s');
}

/** `folder/[app]/name.flv`: the folder is what stands before the first variable. */
function recordName(place: Place): void {
  const directive = find(place.directive, 'dvr_path') ?? place.directive;
  const at = { ...place, directive, key: `${place.key}.dvr_path` };
  const given = directive === place.directive ? DEFAULT_PATH : first(at);
  const whole = given.includes('[') ? given : `${given.replace(/\/$/, '')}/${DEFAULT_NAME}`;
  const slash = whole.lastIndexOf('/', whole.indexOf('['));
  const [, name = '', extension = ''] = /^(.*?)(?:\.(\w+))?$/.exec(whole.slice(slash + 1)) ?? [];
  const format = FORMATS[extension];
  set(at, 'record.folder', whole.slice(0, Math.max(slash, 0)) || (slash === 0 ? '/' : '.'));
  set(at, 'record.format', format ?? 'flv');
  if (!format) warn(at, 'its end is none of .flv and .mp4: recordings are FLV');
  if (NAME.test(name.replaceAll(VARIABLES, 'x')) && !name.includes('..')) set(at, 'record.name', name);
  else warn(at, 'the names of recordings cannot be made like this: see record.name');
}
