import { directory } from '../cluster/directory.ts';
import { FAILURES, type Failure, failures } from '../cluster/failures.ts';
import { relay } from '../cluster/relay.ts';
import type { ClusterRow, ClusterSettings } from '../cluster/settings.ts';
import { simulated } from '../cluster/simulated.ts';
import { workers } from '../cluster/workers.ts';
import type { Report } from '../report.ts';

const OTHERS: Readonly<Record<Exclude<ClusterRow, Failure>, (settings: ClusterSettings) => Promise<Report>>> = {
  directory,
  workers,
  relay,
  simulated,
};

/** What viewers of a cluster notice of failures, and what it costs that a stream is at many places; the rows that are asked for. */
export async function cluster(settings: ClusterSettings): Promise<Report> {
  const reports: Report[] = [];
  for (const row of settings.rows) {
    reports.push(
      row in FAILURES ? await failures(row as Failure, settings) : await OTHERS[row as keyof typeof OTHERS](settings),
    );
  }
  return { rows: reports.flatMap(({ rows }) => rows), verdicts: reports.flatMap(({ verdicts }) => verdicts) };
}
