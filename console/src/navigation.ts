import { computed, signal } from '@preact/signals';
import { parseRoute } from './route.ts';

const here = signal({ pathname: location.pathname, search: location.search });
addEventListener('popstate', look);

/** The page to show. */
export const route = computed(() => parseRoute(here.value.pathname));

/** The query of its address. */
export const search = computed(() => here.value.search);

/** Goes to an address of this page without loading it anew. */
export function navigate(href: string): void {
  history.pushState(null, '', href);
  look();
  scrollTo(0, 0);
}

/** Puts the address of what is shown into the place of the present one. */
export function rewrite(href: string): void {
  history.replaceState(null, '', href);
  look();
}

function look(): void {
  here.value = { pathname: location.pathname, search: location.search };
}
