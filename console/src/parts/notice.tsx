import { ApiError } from '../api.ts';
import { t } from '../settings.ts';

/** What the server said, in one line; `Loading` where it has not said anything yet. */
export function Notice({ error }: { error: unknown }) {
  if (error === undefined) return <p class="notice">{t('loading')}</p>;
  const refusal = error instanceof ApiError && error.status !== 0;
  return (
    <p class="notice" role="alert">
      {refusal ? t('apiFailed', { reason: error.message }) : t('serverSilent')}
    </p>
  );
}
