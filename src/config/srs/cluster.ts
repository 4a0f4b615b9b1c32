import { serverUrl, vhostParameter } from './routes.ts';
import { block, find, isOn, nothing, type Place, type Rule, type Rules, set, warn, without } from './rules.ts';

/** By what an edge of SRS fetches, and how names of streams end there. */
const PROTOCOLS: Readonly<Record<string, { readonly scheme: string; readonly suffix: string }>> = {
  rtmp: { scheme: 'rtmp', suffix: '' },
  flv: { scheme: 'http', suffix: '.flv' },
  flvs: { scheme: 'https', suffix: '.flv' },
};

const COWORKER = /^(?:\[[\da-fA-F:.]+\]|[\w.-]+):\d{1,5}$/;

/** What stands in `cluster`, or in old files in the virtual host itself. */
export const clusterRules: Rules = {
  mode: nothing,
  origin: nothing,
  vhost: nothing,
  protocol: nothing,
  origin_cluster: nothing,
  coworkers: nothing,
  token_traverse: nothing,
  debug_srs_upnode: without('the origin is not told who asks', 'off'),
  follow_client: without('an edge fetches by one protocol, whatever its viewers use', 'off'),
};

/** What an edge fetches from, and which origins are one cluster; `place` is the block in which that stands. */
export function placeCluster(place: Place): void {
  const { directive } = place;
  const traverse = find(directive, 'token_traverse');
  const isEdge = find(directive, 'mode')?.args[0] === 'remote';
  if (isOn(traverse)) {
    const at = {
      ...place,
      directive: traverse!,
      key: place.key === '' ? 'token_traverse' : `${place.key}.token_traverse`,
    };
    if (isEdge) set(at, 'relay.traverse', true);
    else warn(at, 'only an edge has an origin to ask');
  }
  if (isEdge) fetchFrom(place);
  else if (isOn(find(directive, 'origin_cluster'))) joinOrigins(place);
}

/** The block `cluster`. */
export const cluster: Rule = block(clusterRules, placeCluster);

function fetchFrom(place: Place): void {
  const { directive, to, vhost } = place;
  const origin = find(directive, 'origin');
  if (!origin) return warn(place, 'an edge without an origin fetches nothing');
  const at = { ...place, directive: origin, key: place.key === '' ? 'origin' : `${place.key}.origin` };
  const protocol = find(directive, 'protocol');
  const { scheme, suffix } = PROTOCOLS[protocol?.args[0] ?? 'rtmp'] ?? PROTOCOLS['rtmp']!;
  const renamed = find(directive, 'vhost')?.args[0]?.replace('[vhost]', vhost);
  // What is fetched under its own name needs no more than the server.
  const path = renamed === undefined || renamed === vhost ? '' : `/[app]/[stream]${suffix}${vhostParameter(renamed)}`;
  for (const server of origin.args) to.add('relay.origins', `${serverUrl(at, server, scheme)}${path}`, origin.where);
  if (scheme !== 'rtmp') warn(at, 'what is published to an edge of origins by HTTP stays there');
}

/** The other origins are asked for what is not here, and players are sent there. */
function joinOrigins(place: Place): void {
  const { directive, to } = place;
  const coworkers = find(directive, 'coworkers');
  if (!coworkers) return warn(place, 'a cluster of origins without coworkers: nobody is asked');
  for (const coworker of coworkers.args) {
    if (COWORKER.test(coworker)) to.add('cluster.coworkers', coworker, coworkers.where);
    else warn({ ...place, directive: coworkers, key: `${place.key}.coworkers` }, `${coworker} is no host:port`);
  }
  to.set('cluster.redirect', 'always', find(directive, 'origin_cluster')!.where);
}
