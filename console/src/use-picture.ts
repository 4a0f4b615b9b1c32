import { useRef } from 'preact/hooks';
import { getCluster, getFlows } from './operator.ts';
import { drawUp, type Followed, follow, type Own, type Picture } from './picture.ts';
import { usePoll } from './use-poll.ts';

/** The cluster as it is now; rates are those between two answers. */
export function usePicture(own: Own): Picture | undefined {
  const followed = useRef<Followed>(new Map());
  const { data } = usePoll(async () => {
    const [cluster, flows] = await Promise.all([getCluster(), getFlows()]);
    followed.current = follow(followed.current, flows);
    return { cluster, followed: followed.current };
  }, 2_000);
  return data && drawUp(data.cluster, data.followed, own);
}
