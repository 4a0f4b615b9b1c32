import { workers } from '../cluster/workers.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';

/** What it costs, and what it brings, that a node is several processes. */
export async function cluster(settings: Settings): Promise<Report> {
  return workers(settings);
}
