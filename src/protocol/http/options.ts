import { listen, option, section } from '../../config/values.ts';

/** The section `http` of the configuration. */
export const httpOptions = section('HTTP: playback, console and API.', {
  listen: option(listen(), ':8080', 'Where HTTP listens, or off.'),
  listenApi: option(
    listen(),
    'off',
    'One more place where HTTP listens, for the API, metrics and health alone, such as :1985, or off.',
  ),
  listenTls: option(
    listen(),
    'off',
    'Where HTTPS (with HTTP/2) listens, such as :8443; needs a certificate under tls.',
  ),
});
