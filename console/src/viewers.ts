/** How many watch a stream of the API: its `clients` count the publisher too. */
export function viewersOf(stream: {
  readonly clients: number;
  readonly publish: { readonly active: boolean };
}): number {
  return Math.max(0, stream.clients - (stream.publish.active ? 1 : 0));
}
