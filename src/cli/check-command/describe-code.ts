/** What reports say of the code of a problem, apart from the single problem. */
import { findRule } from '../../buildkit-rules/rules.ts';
import type { AdviceCode, DiagnosticCode, ErrorCode } from '../../diagnostic/codes.ts';
import { adviceTexts, errorTexts, ruleAdvice } from '../../diagnostic/texts.ts';
import { lintRules } from '../../lint/rules.ts';

/** What a code means. */
export interface CodeDescription {
  /** One sentence. */
  readonly summary: string;
  /** More about it, as Markdown; undefined if there is no more. */
  readonly help: string | undefined;
  /** A page about it. */
  readonly url: string;
}

const errorsPage = 'https://github.com/org/tsfront/blob/main/docs/errors.md';

/** Describes a code. @param url the page that the problem names; undefined if it names none */
export function describeCode(code: DiagnosticCode, url: string | undefined): CodeDescription {
  const rule = lintRules.find(({ name }) => name === code);
  if (rule) return { summary: rule.summary, help: rule.why, url: url ?? errorsPage };
  const known = findRule(code);
  if (known) {
    const summary = `${known.description.replace(/\.$/, '')}.`;
    return { summary, help: ruleAdvice[known.name], url: url ?? errorsPage };
  }
  const text = adviceTexts[code as AdviceCode] ?? errorTexts[code as ErrorCode];
  return { summary: text.title, help: text.advice, url: url ?? errorsPage };
}
