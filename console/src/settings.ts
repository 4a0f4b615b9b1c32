import { computed, effect, signal } from '@preact/signals';
import { chinese, english, type StringKey } from './strings.ts';

export type Language = 'en' | 'zh';
export type Theme = 'auto' | 'light' | 'dark';

/** The visitor's language: the one chosen last, else the browser's. */
export const language = signal<Language>(stored('language', ['en', 'zh']) ?? browserLanguage());

/** The visitor's appearance; `auto` follows the system. */
export const theme = signal<Theme>(stored('theme', ['auto', 'light', 'dark']) ?? 'auto');

const table = computed(() => (language.value === 'zh' ? chinese : english));

/** A text in the visitor's language, with `{x}` replaced by `values.x`. */
export function t(key: StringKey, values: Readonly<Record<string, string | number>> = {}): string {
  return table.value[key].replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}

/** Shows the settings on the document and remembers them, from now on. */
export function applySettings(): void {
  effect(() => {
    document.documentElement.lang = language.value === 'zh' ? 'zh-Hans' : 'en';
    store('language', language.value);
  });
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    store('theme', theme.value);
  });
}

function browserLanguage(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

// Storage may be forbidden; the page then forgets its settings, no more.
function stored<T extends string>(key: string, allowed: readonly T[]): T | undefined {
  try {
    const value = localStorage.getItem(key);
    return allowed.find((one) => one === value);
  } catch {
    return undefined;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {}
}
