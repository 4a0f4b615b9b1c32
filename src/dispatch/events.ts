import { MILLISECOND, SECOND } from '../base/clock.ts';
import { readPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import type { Exchange } from '../net/http.ts';
import { askedHost, shownBy } from '../net/http-shown.ts';
import type { Asked, Audience } from './audience.ts';
import { TICKET } from './line.ts';

/** Where those who play hear what they are to do. */
const EVENTS = '/api/v1/lines/events';
const ASKED = new RegExp(`^${EVENTS}$`);

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'access-control-allow-origin': '*',
  // Proxies of nginx's kind are to pass each event on at once.
  'x-accel-buffering': 'no',
};
/** Something is written so often: who is gone is noticed by that. */
const BEAT = 15 * SECOND;
/** One who does not read is cut off, in bytes. */
const MOST_UNREAD = 64 * 1024;
/** What is ours in the query; all else goes along with URLs. */
const OWN = ['stream', 'protocols', 'region', TICKET];

/** The address at which one who asked for lines hears more. */
export function eventsUrl(path: string, { ticket, protocols, region, query }: Omit<Asked, 'path' | 'host'>): string {
  const own = new URLSearchParams({ stream: path, [TICKET]: ticket });
  if (protocols.length > 0) own.set('protocols', protocols.join());
  if (region !== '') own.set('region', region);
  return `${EVENTS}?${own}${query === '' ? '' : `&${query}`}`;
}

/** Serves the events (WHATWG HTML, server-sent events): `move` and `lines`. */
export function serveEvents(context: Context, audience: Audience): void {
  const { http, access } = context;
  http.route(['GET'], ASKED, async (exchange) => {
    const { response } = exchange;
    const asked = readAsked(exchange);
    await access.may({ action: 'play', path: asked.path, isEnquiry: true, ...shownBy(exchange) });
    if (response.destroyed) return;
    const write = (text: string) => {
      response.write(text);
      if (response.writableLength > MOST_UNREAD) response.destroy();
    };
    const leave = audience.join(asked, (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    response.writeHead(200, HEADERS);
    write(': these are events\n\n');
    const beat = setInterval(() => write(':\n\n'), BEAT / MILLISECOND);
    response.once('close', () => {
      clearInterval(beat);
      leave();
    });
  });
}

/** Has the first worker serve those who come to this one: the connection is for nothing else, and lasts. */
export function giveEvents({ http, siblings }: Context): void {
  http.claim(ASKED, (_, socket, bytes) => siblings.give(socket, bytes, 1));
}

function readAsked({ url, request }: Exchange): Asked {
  const query = url.searchParams;
  const get = (name: string) => query.get(name) ?? '';
  const own = { ticket: get(TICKET), region: get('region') };
  const path = readPath(get('stream'));
  const protocols = get('protocols')
    .split(',')
    .filter((each) => each !== '');
  for (const name of OWN) query.delete(name);
  return { ...own, path, protocols, query: query.toString(), host: askedHost(request) };
}
