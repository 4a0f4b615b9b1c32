/** What a Node stream keeps about its connection; with TLS the connection itself is the `_parent`. */
interface Handle {
  readonly writeQueueSize?: number;
  readonly _parent?: Handle;
}

/**
 * How many bytes wait in this process until the kernel takes them. It falls with every byte that goes, as far as Node can
 * tell (not in HTTP/2), while `writableLength` counts a write until all of it has gone.
 */
export function backlog(stream: { readonly writableLength: number }): number {
  const { _handle: handle } = stream as { readonly _handle?: Handle | null };
  return (handle?._parent ?? handle)?.writeQueueSize ?? stream.writableLength;
}
