import { useEffect, useMemo } from 'preact/hooks';
import { Player } from '../player/player.tsx';
import { useShift } from '../player/use-shift.ts';
import { hlsUrl, type StreamName, serverQuery, streamText } from '../urls.ts';
import { RecordedList } from './play.tsx';

/** The page of a lesson: its stream by the best of the lines that the server gives, and the way to the others. */
export function Room({ app, name }: { app: string; name: string }) {
  const query = serverQuery(location.search);
  const vhost = new URLSearchParams(location.search).get('vhost') ?? '';
  const stream: StreamName = { vhost, app, name };
  const path = streamText(stream);
  const source = useMemo(
    () => ({ lines: { stream: path, query }, hls: hlsUrl(stream, location, query) }),
    [path, query],
  );
  const reach = useShift(path, query);
  useEffect(() => {
    document.title = `${name} · Headwater`;
  }, [name]);
  return (
    <article class="play room">
      <h1>
        {name}
        <small>{app}</small>
      </h1>
      <Player name={name} source={source} via="lines" setting="lesson" reach={reach} />
      <RecordedList stream={stream} query={query} />
    </article>
  );
}
