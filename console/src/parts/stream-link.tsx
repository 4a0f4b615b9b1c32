import { useEffect } from 'preact/hooks';
import { arrivalOf, getLinks } from '../links.ts';
import { noticeRefusal, refreshSession, session } from '../session.ts';
import { t } from '../settings.ts';
import { pathOf, type StreamName } from '../urls.ts';
import { usePoll } from '../use-poll.ts';
import { mediaInWords, outcomeInWords, time } from './link-words.ts';

/** For an admin, how a stream comes from another node; nothing where it does not. */
export function StreamLink({ stream }: { stream: StreamName }) {
  useEffect(() => {
    if (!session.value) refreshSession().catch(() => {}); // he plays on, as any visitor
  }, []);
  return session.value?.admin ? <Arrival path={pathOf(stream)} /> : null;
}

function Arrival({ path }: { path: string }) {
  const { data, error } = usePoll(getLinks, 2_000);
  useEffect(() => noticeRefusal(error), [error]);
  const arrival = data && arrivalOf(data, path);
  if (!arrival) return null;
  const { link, stream } = arrival;
  const words = {
    remote: link.remote,
    media: mediaInWords(stream.media),
    rtt: time(link.rtt_ms),
    outcome: outcomeInWords(stream),
  };
  return <p class="stream-link hint">{t('linkOfStream', words)}</p>;
}
