import { useEffect, useRef, useState } from 'preact/hooks';

const PAUSE = 250;

/** A field in which something is looked for, shortly after it was typed. */
export function Filter({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (typed: string) => {
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(typed.trim()), PAUSE);
  };
  return (
    <input
      type="search"
      placeholder={label}
      aria-label={label}
      maxLength={200}
      value={text}
      onInput={(event) => type(event.currentTarget.value)}
    />
  );
}
