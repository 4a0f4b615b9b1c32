import { useEffect } from 'preact/hooks';
import { Notice } from '../parts/notice.tsx';
import { Tabs } from '../parts/tabs.tsx';
import type { Route } from '../route.ts';
import { refreshSession, session } from '../session.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';
import { Configuration } from './configuration.tsx';
import { Log } from './log.tsx';
import { Login } from './login.tsx';
import { Nodes } from './nodes.tsx';
import { Overview } from './overview.tsx';
import { Recordings } from './recordings.tsx';
import { SessionPage } from './session.tsx';
import { Sessions } from './sessions.tsx';
import { StreamPage } from './stream.tsx';
import '../styles/console.css';
import '../styles/cards.css';
import '../styles/explain.css';

/** A page of the console. */
export type ConsolePlace = Exclude<Route, { page: 'play' | 'room' | 'watch' | 'unknown' }>;

/** What the operator sees of the server: nothing before the server knows him as the admin. */
export function Console({ place }: { place: ConsolePlace }) {
  const asked = usePoll(refreshSession, 30_000);
  useEffect(() => {
    const name =
      'name' in place ? place.name : 'id' in place ? place.id : place.page === 'overview' ? '' : t(place.page);
    document.title = name === '' ? 'Headwater' : `${name} · Headwater`;
  });
  if (!session.value) return <Notice error={asked.error} />;
  if (!session.value.admin) return <Login />;
  return (
    <>
      <Tabs page={place.page} />
      <Page place={place} />
    </>
  );
}

function Page({ place }: { place: ConsolePlace }) {
  switch (place.page) {
    case 'overview':
      return <Overview />;
    case 'sessions':
      return <Sessions />;
    case 'session':
      return <SessionPage key={place.id} id={place.id} />;
    case 'nodes':
      return <Nodes />;
    case 'recordings':
      return <Recordings />;
    case 'log':
      return <Log />;
    case 'config':
      return <Configuration />;
    case 'stream':
      return <StreamPage key={location.pathname + location.search} app={place.app} name={place.name} />;
  }
}
