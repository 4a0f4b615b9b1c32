import { endSession, session } from '../session.ts';
import { language, type Theme, t, theme } from '../settings.ts';
import { Icon } from './icon.tsx';
import { Link } from './link.tsx';

const nextTheme: Readonly<Record<Theme, Theme>> = { auto: 'light', light: 'dark', dark: 'auto' };

/** Name, settings and, for an admin, the way out. */
export function Header() {
  const appearance = t('theme', { theme: t(theme.value) });
  return (
    <header class="top">
      <Link href="/" class="brand">
        <span class="mark">
          <Icon name="wave" />
        </span>
        Headwater
      </Link>
      <nav>
        {session.value?.admin && <LogOut />}
        <button type="button" class="quiet" onClick={() => (language.value = language.value === 'en' ? 'zh' : 'en')}>
          {t('language')}
        </button>
        <button
          type="button"
          class="quiet round"
          aria-label={appearance}
          title={appearance}
          onClick={() => (theme.value = nextTheme[theme.value])}
        >
          <Icon name={theme.value} />
        </button>
      </nav>
    </header>
  );
}

function LogOut() {
  const leave = () => void endSession().catch(() => location.reload());
  return (
    <button type="button" class="quiet" onClick={leave}>
      {t('logout')}
    </button>
  );
}
