import { listen, option, section } from '../../config/values.ts';

/** The section `rtmp` of the configuration. */
export const rtmpOptions = section('RTMP: where encoders push to, and players may pull from.', {
  listen: option(listen(), ':1935', 'Where RTMP listens, or off.'),
  listenTls: option(listen(), 'off', 'Where RTMPS listens, such as :1936; needs a certificate under tls.'),
});
