import { useState } from 'preact/hooks';
import { ApiError, logIn } from '../api.ts';
import { refreshSession } from '../session.ts';
import { t } from '../settings.ts';

/** Asks for the admin token. */
export function Login() {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget as HTMLFormElement).get('token')).trim();
    setBusy(true);
    setProblem('');
    await logIn(token)
      .then(refreshSession)
      .catch((error: unknown) => setProblem(explain(error)));
    setBusy(false);
  };
  return (
    <form class="card login" onSubmit={(event) => void submit(event)}>
      <h1>{t('loginTitle')}</h1>
      <p>{t('loginText')}</p>
      <label for="token">{t('token')}</label>
      <input name="username" autocomplete="username" value="admin" readonly hidden />
      <input id="token" name="token" type="password" required autocomplete="current-password" />
      {problem && (
        <p class="warn" role="alert">
          {problem}
        </p>
      )}
      <button type="submit" class="button primary" disabled={busy}>
        {t('login')}
      </button>
      <p class="hint">{t('loginVisitor')}</p>
    </form>
  );
}

function explain(error: unknown): string {
  if (!(error instanceof ApiError) || error.status === 0) return t('serverSilent');
  return error.status === 401 || error.status === 403 ? t('wrongToken') : t('apiFailed', { reason: error.message });
}
