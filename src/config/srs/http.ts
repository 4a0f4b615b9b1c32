import type { Translation } from '../translation.ts';
import { address, feature, find, isEnabled, nothing, type Place, type Rules, warn, without } from './rules.ts';
import type { Directive } from './syntax.ts';

/** What SRS takes where a block names no port or file. */
const DEFAULTS = {
  server: '8080',
  api: '1985',
  serverTls: '8088',
  apiTls: '1990',
  key: './conf/server.key',
  cert: './conf/server.crt',
};

const https = feature({ listen: nothing, key: nothing, cert: nothing });

/** The two blocks of HTTP, but for their addresses: {@link placeHttp} sees to those. */
export const httpRules: Rules = {
  http_server: feature({
    listen: nothing,
    https,
    dir: without('no files are served: the page and the console are those of this server'),
    crossdomain: without('pages from elsewhere may always play', 'on'),
    ipv6: without('an address is of IPv6 where it is written so'),
  }),
  http_api: feature({
    listen: nothing,
    https,
    crossdomain: without('pages from elsewhere may not use the API'),
    raw_api: feature({
      allow_reload: without('options are read at the start alone', 'off'),
      allow_query: without('it answers nothing of this kind', 'off'),
      allow_update: without('options are read at the start alone', 'off'),
    }),
    auth: feature({
      type: nothing,
      username: nothing,
      password: (place) => warn(place, 'the API asks for access.adminToken, as a bearer token, and for no password'),
      token: (place) => place.to.set('access.adminToken', place.directive.args[0] ?? '', place.directive.where),
      rtc_bearer_enabled: without('there is no WebRTC yet', 'off'),
    }),
  }),
};

/**
 * Where HTTP listens: playback and API share the server's address, and the API has one of its own beside it. A file that does not
 * speak of `http_server` has it at that of the API, or else where it is by default.
 */
export function placeHttp(root: readonly Directive[], to: Translation): void {
  const server = root.find(({ name }) => name === 'http_server' || name === 'http_stream');
  const api = root.find(({ name }) => name === 'http_api');
  const serverAt = isEnabled(server) ? addressIn(server!, DEFAULTS.server, to) : undefined;
  const apiAt = isEnabled(api) ? addressIn(api!, DEFAULTS.api, to) : undefined;
  if (serverAt) to.set('http.listen', serverAt, server!.where);
  else if (server) to.set('http.listen', 'off', server.where);
  else if (apiAt) to.set('http.listen', apiAt, api!.where);
  else
    to.warnings.push(
      'http_server: the file has none; HTTP listens on :8080 all the same, and on a port of yours by http_server { enabled on; listen PORT; }',
    );
  if (apiAt && server && apiAt !== serverAt) to.set('http.listenApi', apiAt, api!.where);
  placeHttps(server, api, to);
}

function placeHttps(server: Directive | undefined, api: Directive | undefined, to: Translation): void {
  const [serverTls, apiTls] = [server, api].map((each) => (isEnabled(each) ? find(each, 'https') : undefined));
  if (isEnabled(serverTls)) listenTls(serverTls!, 'http.listenTls', DEFAULTS.serverTls, to);
  if (!isEnabled(apiTls)) return;
  if (!isEnabled(serverTls)) return listenTls(apiTls!, 'http.listenTls', DEFAULTS.apiTls, to);
  warn(
    { directive: apiTls!, key: 'http_api.https', to, vhost: '' },
    'HTTPS has one address for API and playback, that of http_server',
  );
}

/** Has a block's address listened on by TLS, with its certificate. */
export function listenTls(directive: Directive, option: string, port: string, to: Translation): void {
  to.set(option, addressIn(directive, port, to), directive.where);
  const pair = {
    cert: find(directive, 'cert')?.args[0] ?? DEFAULTS.cert,
    key: find(directive, 'key')?.args[0] ?? DEFAULTS.key,
  };
  const present = (to.get('tls.certificates') ?? []) as (typeof pair)[];
  if (!present.some(({ cert, key }) => cert === pair.cert && key === pair.key))
    to.add('tls.certificates', pair, directive.where);
}

function addressIn(around: Directive, fallback: string, to: Translation): string {
  const listen = find(around, 'listen');
  const place: Place = { directive: listen ?? around, key: `${around.name}.listen`, to, vhost: '' };
  return address(place, listen?.args[0] ?? fallback);
}
