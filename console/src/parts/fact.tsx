interface Props {
  readonly label: string;
  readonly value: string;
  /** Below the value, smaller. */
  readonly more?: string;
  readonly warn?: boolean;
  /** Whether it needs a row of its own. */
  readonly wide?: boolean;
}

/** A number or a word with its name, within a `dl`. */
export function Fact({ label, value, more = '', warn = false, wide = false }: Props) {
  return (
    <div class={wide ? 'wide' : undefined}>
      <dt>{label}</dt>
      <dd class={warn ? 'warn' : undefined}>
        {value}
        {more && <small>{more}</small>}
      </dd>
    </div>
  );
}
