/** The way out of a problem that brings none along: that of its message or its code. */
import type { AdviceCode, DiagnosticCode, ErrorCode, RuleName } from './codes.ts';
import type { Diagnostic } from './diagnostic.ts';
import { messageHint } from './message-hints.ts';
import { adviceTexts, errorTexts, ruleAdvice } from './texts.ts';

/** Codes of problems that are as different as their messages. */
const withoutAdvice: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>(['build', 'program-failed', 'ProgramLog']);

/** The problem with a hint for its message or its code, unless it has a hint or a fix. */
export function withDefaultHint(problem: Diagnostic): Diagnostic {
  if (problem.hint !== undefined || problem.fix || withoutAdvice.has(problem.code)) return problem;
  const { code, message, facts } = problem;
  const hint =
    (facts?.meant === undefined ? undefined : `Write ${facts.meant}, if that is meant.`) ??
    messageHint(code, message) ??
    errorTexts[code as ErrorCode]?.advice ??
    adviceTexts[code as AdviceCode]?.advice ??
    ruleAdvice[code as RuleName];
  return hint === undefined ? problem : { ...problem, hint };
}
