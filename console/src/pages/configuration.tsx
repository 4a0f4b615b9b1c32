import { useEffect, useState } from 'preact/hooks';
import { type ConfigOption, getConfig } from '../operator.ts';
import { Filter } from '../parts/filter.tsx';
import { Notice } from '../parts/notice.tsx';
import { noticeRefusal } from '../session.ts';
import { t } from '../settings.ts';
import { usePoll } from '../use-poll.ts';

/** It does not change before a restart. */
const SELDOM = 60_000;

/** The configuration as it runs, section by section; what is not the default stands out. */
export function Configuration() {
  const { data, error } = usePoll(getConfig, SELDOM);
  const [text, find] = useState('');
  const [onlyChanged, showChanged] = useState(false);
  useEffect(() => noticeRefusal(error), [error]);
  if (!data) return <Notice error={error} />;
  const changed = data.filter((option) => !option.is_default).length;
  const fits = ({ name, value, comment, is_default: isDefault }: ConfigOption) =>
    !(onlyChanged && isDefault) && `${name} ${value} ${comment}`.toLowerCase().includes(text.toLowerCase());
  const sections = Map.groupBy(data.filter(fits), ({ name }) => name.split('.')[0]!);
  return (
    <>
      <div class="title">
        <h1>{t('config')}</h1>
        <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
          <Filter label={t('findText')} value={text} onChange={find} />
          <label class="check">
            <input
              type="checkbox"
              checked={onlyChanged}
              onChange={(event) => showChanged(event.currentTarget.checked)}
            />
            {t('onlyChanged', { count: changed })}
          </label>
        </form>
      </div>
      <p class="hint">{t('configMore')}</p>
      <nav class="jump" aria-label={t('sections')}>
        {Array.from(sections.keys(), (section) => (
          <a key={section} href={`#${section}`}>
            {section}
          </a>
        ))}
      </nav>
      {sections.size === 0 && <p class="card notice">{t('noOptions')}</p>}
      {Array.from(sections, ([section, options]) => (
        <section key={section} id={section} class="options">
          <h2>{section}</h2>
          <dl class="card">
            {options.map((option) => (
              <Option key={option.name} option={option} />
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}

function Option({ option }: { option: ConfigOption }) {
  const { name, value, comment, is_default: isDefault } = option;
  return (
    <div class={isDefault ? 'option' : 'option changed'} data-option={name}>
      <dt>
        <code>{name}</code>
        <small>{comment}</small>
      </dt>
      <dd>
        <code>{value === '' ? t('emptyValue') : value}</code>
        {!isDefault && (
          <small>{t('byDefault', { value: option.default === '' ? t('emptyValue') : option.default })}</small>
        )}
      </dd>
    </div>
  );
}
