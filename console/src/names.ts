import { signal } from '@preact/signals';
import { t } from './settings.ts';

/** What nodes are called, by id, as far as the server has told; an id that stands for itself is not there. */
const names = signal<ReadonlyMap<string, string>>(new Map());

/** So much of an id stands for a node that has no name. */
const SHORT_ID = 8;

/** Nodes are called so from now on, wherever they are shown. */
export function learnNames(nodes: readonly { readonly id: string; readonly name: string }[]): void {
  const told = new Map(nodes.map(({ id, name }) => [id, name]));
  const isSame = told.size === names.value.size && [...told].every(([id, name]) => names.value.get(id) === name);
  if (!isSame) names.value = told;
}

/** What a node is called; empty where it has no name. */
export function givenName(id: string): string {
  const name = names.value.get(id) ?? '';
  return name === id ? '' : name;
}

/** How a node is called: by its name, or the beginning of its id; which is this one is said, unless not even an id is known. */
export function nodeName({ id, self = false }: { readonly id: string; readonly self?: boolean }): string {
  if (id === '') return t('thisNode');
  const name = givenName(id) || id.slice(0, SHORT_ID);
  return self ? `${name} · ${t('thisNode')}` : name;
}
