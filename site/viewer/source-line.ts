/** A line of a source file: its number, the colour of the step that it makes, its text, and what the step cost. */
import { element } from './dom.ts';
import type { State } from './state.ts';

interface SourceLine {
  /** The file, by its place in the graph. */
  readonly file: number;
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** The language of the file, as the graph has it. */
  readonly language: string;
}

/** The element of a line. */
export function lineElement({ file, number, text, language }: SourceLine, state: State): HTMLElement {
  const [first] = state.stepsOfLine(file, number);
  const facts = first === undefined ? undefined : state.drawing.facts[first]!;
  const isComment = language === 'Dockerfile' && /^\s*#/.test(text);
  const beginsStep = facts?.lines.some((it) => it.file === file && it.start === number);
  const made = element(
    'div',
    {
      class: ['line', facts && 'has-steps', isComment && 'comment'].filter(Boolean).join(' '),
      id: `line-${number}`,
      role: 'option',
      'aria-selected': 'false',
      ...(!facts && { 'aria-disabled': 'true' }),
    },
    element('span', { class: 'number', 'aria-hidden': 'true' }, String(number)),
    element('span', { class: `gutter${facts ? ` k-${facts.kind}` : ''}`, 'aria-hidden': 'true' }),
    codeElement(text, language, facts?.kind),
    beginsStep && facts?.record && element('span', { class: 'cost' }, costOf(facts.record)),
  );
  made.dataset['line'] = String(number);
  return made;
}

function costOf({ error, cached }: { readonly error?: string | undefined; readonly cached: boolean }): string {
  if (error) return 'failed';
  return cached ? 'cached' : '';
}

/** The text; the name of an instruction has the colour of its step. */
function codeElement(text: string, language: string, kind: string | undefined): HTMLElement {
  const [, before = '', keyword = '', rest = ''] = /^(\s*)([A-Za-z]+)(\s.*)$/s.exec(text) ?? [];
  const isInstruction = language === 'Dockerfile' && instructions.has(keyword.toUpperCase());
  if (!isInstruction) return element('code', {}, text);
  return element('code', {}, before, element('b', { class: kind ? `k-${kind}` : '' }, keyword), rest);
}

const instructions = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
);
