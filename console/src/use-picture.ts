import { useRef } from 'preact/hooks';
import { getLinks, type LinkList } from './links.ts';
import { getCluster } from './operator.ts';
import { drawUp, type Measured, measure, type Own, type Picture } from './picture.ts';
import { usePoll } from './use-poll.ts';

/** The cluster as it is now; rates are those between two answers. */
export function usePicture(own: Own): Picture | undefined {
  const last = useRef<{ links: LinkList; at: number; measured: ReadonlyMap<string, Measured> } | undefined>(undefined);
  const { data } = usePoll(async () => {
    const [cluster, links] = await Promise.all([getCluster(), getLinks()]);
    const at = performance.now();
    const before = last.current;
    const measured = before ? measure(before.links, links, (at - before.at) / 1000) : new Map<string, Measured>();
    last.current = { links, at, measured };
    return { cluster, links, measured };
  }, 2_000);
  return data && drawUp(data.cluster, data.links, own, data.measured);
}
