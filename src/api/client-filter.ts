import { streamId } from '../net/identity.ts';
import { streamUrl } from '../net/stream-url.ts';
import type { Client } from './client-report.ts';

/** Which clients are asked for: those that fit everything that is said. */
export interface ClientFilter {
  /** The id of their stream. */
  readonly stream?: string;
  readonly role?: 'publish' | 'play';
  /** What stands in id, address, protocol or stream, in capitals or not. */
  readonly text?: string;
}

/** Whether a client is one of those asked for. */
export function fits(client: Client, { stream, role, text }: ClientFilter): boolean {
  if (role !== undefined && client.role !== role) return false;
  if (stream !== undefined && streamId(client.path) !== stream) return false;
  if (text === undefined) return true;
  const { id, remote, protocol, path } = client;
  return `${id} ${remote} ${protocol} ${streamUrl(path)}`.toLowerCase().includes(text);
}
