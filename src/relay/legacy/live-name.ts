import { describePath, parsePath } from '../../hub/path.ts';
import type { Session } from '../../hub/session.ts';

/** How `/stat/livestat` names a stream, and where the session that publishes or plays it is by its own word. */
export function nameOf(path: string, session: Session | undefined): { readonly key: string; readonly url: string } {
  const { app, name } = parsePath(path);
  const at = session?.detail['tcUrl'] ?? `rtmp://localhost/${app}`;
  return { key: describePath(path), url: `${at.replace(/\/$/, '')}/${name}` };
}
