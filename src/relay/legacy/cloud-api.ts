import { TOKEN_PARAMETER } from '../../access/admin-token.ts';
import { RefusedError } from '../../base/errors.ts';
import { type Session, shortId } from '../../hub/session.ts';
import type { Context } from '../../module.ts';
import { type Exchange, HttpRouter } from '../../net/http.ts';
import { answer } from './answer.ts';
import { Control } from './control.ts';
import { nameOf } from './live-name.ts';
import { type LegacyAnswer, type LiveStat, livestat } from './wire/livestat.ts';

/** The original takes any method. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];
const ROOM_NOT_FOUND: LegacyAnswer = { status: 404, data: 'room not found or inactive' };

/** The API of the original cloud node; `publishers` tells the streams that are sent. */
export function cloudApi(context: Context, publishers: () => LiveStat[]): HttpRouter {
  const router = new HttpRouter(context.log, context.config);
  const control = new Control();
  router.route(METHODS, /^\/stat\/livestat$/, ({ response, url }) => {
    const room = url.searchParams.get('room');
    const inRoom = ({ key }: LiveStat) => room === null || room === '' || key === room;
    const [from, to] = [publishers().filter(inRoom), players(context).filter(inRoom)];
    const isMissing = room && from.length + to.length === 0;
    answer(response, isMissing ? ROOM_NOT_FOUND : { status: 200, data: livestat(from, to) }, true);
  });
  router.route(METHODS, /^\/control\/(?<operation>\w+)$/, async (exchange) => {
    const refusal = await refuse(context, exchange);
    const { response, params, url } = exchange;
    const done = refusal ?? control.handle(params['operation']!, url.searchParams);
    answer(response, done ?? { status: 404, data: 'there is no such control' });
  });
  return router;
}

/** Those who play by RTMP. What they are sent is not counted by kind: it stands under video. */
function players({ sessions }: Context): LiveStat[] {
  return [...sessions]
    .filter(({ role, protocol, path }) => role === 'play' && protocol.startsWith('rtmp') && path !== undefined)
    .map((session) => playerStat(session));
}

function playerStat(session: Session): LiveStat {
  const none = { start_time: 0, ssrc: 0, video_speed: 0, audio_total_bytes: 0, audio_speed: 0 };
  return { ...none, ...nameOf(session.path!, session), stream_id: 1, video_total_bytes: session.bytesOut };
}

/** Control is the administrator's, by token alone: a page anywhere can have a browser send such a GET from this machine. */
async function refuse({ access }: Context, exchange: Exchange): Promise<LegacyAnswer | undefined> {
  const { request, url, remote } = exchange;
  const query = new Map(url.searchParams);
  const showsToken = request.headers.authorization !== undefined || query.has(TOKEN_PARAMETER);
  if (!showsToken) return { status: 401, data: 'the admin token is needed' };
  try {
    const asked = { action: 'admin', remote, query, headers: request.headers } as const;
    await access.may({ ...asked, protocol: 'http', session: shortId() });
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { status: 403, data: error.message };
  }
}
