import { useRef, useState } from 'preact/hooks';
import { t } from '../settings.ts';
import type { StringKey } from '../strings.ts';

/** A line to copy: label, text, button. Selects the text where the browser forbids the clipboard (plain http). */
export function CopyLine({ label, text }: { label: string; text: string }) {
  const code = useRef<HTMLElement>(null);
  const [said, say] = useState<StringKey>('copy');

  const copy = async () => {
    const done = await copyText(text, code.current!);
    say(done ? 'copied' : 'copyFailed');
    setTimeout(() => say('copy'), 2000);
  };
  return (
    <div class="copy-line">
      <span class="label">{label}</span>
      <code ref={code}>{text}</code>
      <button type="button" onClick={() => void copy()} aria-label={`${t(said)}: ${label}`}>
        {t(said)}
      </button>
    </div>
  );
}

async function copyText(text: string, element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return document.execCommand('copy'); // the only way where the page is not served by https
  }
}
