import type { Session } from '../hub/session.ts';
import type { Context } from '../module.ts';
import { dial } from '../net/dial.ts';
import type { Dialer } from '../net/dialers.ts';
import { hostOf, placeOf, schemeOf } from '../net/server-url.ts';
import { Ffmpeg } from './ffmpeg.ts';
import type { Work } from './job.ts';
import type { FetchRule } from './rule.ts';

/** The dialer for a URL that we fetch ourselves; undefined where ffmpeg has to. */
export function dialerFor({ dialers }: Context, url: string): Dialer | undefined {
  const scheme = schemeOf(url);
  const isWeb = scheme === 'http' || scheme === 'https';
  return isWeb && !/^[^?#]*\.flv(?:[?#]|$)/i.test(url) ? undefined : dialers.find(scheme);
}

/** What fetches a stream by a protocol of ours. */
export function fetching(context: Context, rule: FetchRule, dialer: Dialer): Work {
  const { from, to, path, url } = rule;
  let session: Session | undefined;
  return {
    from,
    to,
    path,
    session: () => session,
    wanted: async () => {},
    attempt: (signal) =>
      dial(context, { protocol: dialer.protocol, remote: hostOf(url) }, signal, (serving) => {
        session = serving.session;
        session.detail['source'] = placeOf(url);
        return dialer.pull(url, path, serving);
      }),
  };
}

/** What has ffmpeg fetch it and publish it here, at `publishUrl`. */
export function fetchingByFfmpeg({ hub, siblings }: Context, rule: FetchRule, publishUrl: string): Work {
  const { from, to, path, url } = rule;
  return {
    from,
    to,
    path,
    session: () => ownSession(hub.find(path)?.publisher?.session),
    isElsewhere: () => ![undefined, siblings.worker].includes(siblings.ownerOf(path)),
    wanted: async () => {},
    attempt: (signal) => new Ffmpeg(url, publishUrl).run(signal),
  };
}

/** It may come to any worker of this node, and this one may only have it from there. */
function ownSession(session: Session | undefined): Session | undefined {
  return session?.isInner ? undefined : session;
}
