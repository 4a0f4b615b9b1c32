import { later } from './later.tsx';
import { route } from './navigation.ts';
import { Play } from './pages/play.tsx';
import { Room } from './pages/room.tsx';
import { Watch } from './pages/watch.tsx';
import { Header } from './parts/header.tsx';
import { Link } from './parts/link.tsx';
import { t } from './settings.ts';

/** What viewers need nothing of. */
const Console = later(async () => (await import('./pages/console.tsx')).Console);

/** The whole page. */
export function App() {
  return (
    <>
      <Header />
      <main>
        <Page />
      </main>
    </>
  );
}

function Page() {
  const place = route.value;
  if (place.page === 'play') return <Play key={location.pathname} app={place.app} name={place.name} />;
  if (place.page === 'room') return <Room key={location.pathname} app={place.app} name={place.name} />;
  if (place.page === 'watch') return <Watch key={place.id} id={place.id} />;
  if (place.page !== 'unknown') return <Console place={place} />;
  return (
    <section class="card notice">
      <p>{t('unknownPage')}</p>
      <Link href="/">{t('toOverview')}</Link>
    </section>
  );
}
