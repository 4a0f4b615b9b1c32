import { type Explanation, type Finding, getExplanation } from '../explain.ts';
import { findingsInChinese } from '../explain-chinese.ts';
import { formatMs } from '../format.ts';
import { language, t } from '../settings.ts';
import type { StringKey } from '../strings.ts';
import { usePoll } from '../use-poll.ts';
import { Fact } from './fact.tsx';
import { UNKNOWN } from './link-words.ts';
import { Notice } from './notice.tsx';

const EVERY = 5_000;

const severities: Readonly<Record<Finding['severity'], StringKey>> = {
  error: 'severityError',
  warning: 'severityWarning',
  notice: 'severityNotice',
};
const places: Readonly<Record<Finding['where'], StringKey>> = {
  publisher: 'publisher',
  link: 'placeLink',
  node: 'placeNode',
  viewers: 'viewers',
};

/** What is wrong with the stream of that id, where, and what helps; for administrators. */
export function ExplainPanel({ id }: { id: string }) {
  const { data, error } = usePoll(() => getExplanation(id), EVERY);
  return (
    <section class="explain">
      <h2>{t('explainTitle')}</h2>
      {data ? <Explained explanation={data} /> : <Notice error={error} />}
    </section>
  );
}

function Explained({ explanation: { findings, measures, source } }: { explanation: Explanation }) {
  return (
    <>
      {findings.length === 0 ? (
        <p class="explain-good">{t('explainNothing', { seconds: measures.seconds })}</p>
      ) : (
        <ul aria-live="polite">
          {findings.map((finding) => (
            <Row key={`${finding.rule} ${finding.figures['remote']} ${finding.figures['worker']}`} finding={finding} />
          ))}
        </ul>
      )}
      <Measures measures={measures} />
      {source.type === 'node' && <p class="hint">{t('explainElsewhere', { node: source.remote })}</p>}
    </>
  );
}

function Row({ finding }: { finding: Finding }) {
  const { rule, severity, where } = finding;
  const { what, remedy } = inWords(finding);
  return (
    <li class="finding" data-rule={rule} data-severity={severity}>
      <p class="finding-head">
        <strong>{t(severities[severity])}</strong> <small>{t(places[where])}</small>
      </p>
      <p>{what}</p>
      <p class="hint">
        <b>{t('explainRemedy')}</b> {remedy}
      </p>
    </li>
  );
}

/** The sentences of a finding in the visitor's language, as far as they are known. */
function inWords({ rule, what, remedy, figures }: Finding): Pick<Finding, 'what' | 'remedy'> {
  const chinese = language.value === 'zh' ? findingsInChinese[rule] : undefined;
  if (!chinese) return { what, remedy };
  const fill = (sentence: string) =>
    sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(figures[name] ?? UNKNOWN));
  return { what: fill(chinese.what), remedy: fill(chinese.remedy) };
}

function Measures({ measures }: Pick<Explanation, 'measures'>) {
  const { seconds, gop_s: gop, late_ms: late, skew_ms: skew, drift_ms: drift } = measures;
  return (
    <dl class="link-facts">
      <Fact label={t('keyframes')} value={gop > 0 ? `${gop} s` : UNKNOWN} more={t('explainSpan', { seconds })} />
      <Fact label={t('lateness')} value={formatMs(late)} />
      <Fact label={t('soundSkew')} value={skew === undefined ? UNKNOWN : `${skew} ms`} />
      <Fact label={t('soundDrift')} value={drift === undefined ? UNKNOWN : `${drift} ms`} />
    </dl>
  );
}
