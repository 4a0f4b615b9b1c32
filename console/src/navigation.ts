import { computed, signal } from '@preact/signals';
import { parseRoute } from './route.ts';

const pathname = signal(location.pathname);
addEventListener('popstate', () => {
  pathname.value = location.pathname;
});

/** The page to show. */
export const route = computed(() => parseRoute(pathname.value));

/** Goes to an address of this page without loading it anew. */
export function navigate(href: string): void {
  history.pushState(null, '', href);
  pathname.value = location.pathname;
  scrollTo(0, 0);
}
