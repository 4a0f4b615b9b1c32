import { duration, flag, integer, list, listen, option, section, text, value, WRONG } from '../../config/values.ts';

/** Where packets are sent. */
export interface Destination {
  /** An IPv4 address, which may be that of a multicast group, or a name. */
  readonly host: string;
  readonly port: number;
}

/** An edge's address: `10.0.0.7:5222`, `edge.example:5222`, `239.0.0.1:5222`. */
function destination() {
  return value<Destination, string>('an address such as 10.0.0.7:5222 or 239.0.0.1:5222', (raw) => {
    const match = /^([\w.-]+):(\d{1,5})$/.exec(typeof raw === 'string' ? raw : '');
    const port = Number(match?.[2]);
    return match && port > 0 && port <= 65_535 ? { host: match[1]!, port } : WRONG;
  });
}

/** The section `legacy` of the configuration. */
export const legacyOptions = section('The link to original cloud and edge nodes: see docs/legacy.md.', {
  cloud: section('As cloud: sends the streams published here to original edge nodes.', {
    destinations: option(
      list(destination()),
      [],
      'The UDP addresses of the edges, such as [10.0.0.7:5222], or a multicast group; none sends nothing.',
    ),
    repairListen: option(listen(), 'off', 'Where lost packets are asked for (QUIC), such as :4242, or off.'),
    apiListen: option(listen(), 'off', 'Where /stat/livestat and /control are, such as :8090, or off.'),
    cachePackets: option(integer(16, 32_000), 5000, 'How many packets of each stream are kept for repair.'),
    multicastInterface: option(text(), '', 'The local address that multicast leaves by; empty for the default route.'),
    multicastHops: option(integer(1, 255), 1, 'How many networks multicast may pass.'),
  }),
  edge: section('As edge: receives the streams of an original cloud node and publishes them here.', {
    listen: option(
      listen(),
      'off',
      'Where packets arrive (UDP): a port such as :5222, or a multicast group such as 239.0.0.1:5222; or off.',
    ),
    multicastInterface: option(text(), '', 'The local address that joins the group; empty for the default route.'),
    cloudHost: option(text(), '', 'The cloud; empty for the sender of the first datagram.'),
    apiPort: option(integer(0, 65_535), 0, 'The port of its API; 0 as it announces, or 8090.'),
    quicPort: option(integer(0, 65_535), 0, 'The port of its repair service; 0 as it announces, or 4242.'),
    repair: option(flag(), true, 'Whether lost packets are asked for.'),
    latency: option(duration('20ms', '10s'), '500ms', 'How long a lost packet is waited for.'),
    flvListen: option(listen(), 'off', 'Where FLV and /stats/time are served besides, such as :7001, or off.'),
    flvListenTls: option(listen(), 'off', 'The same by HTTPS; needs a certificate under tls.'),
  }),
});
