/** The editor: lines that make steps have their colour, problems are underlined. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { dockerFile } from '@codemirror/legacy-modes/mode/dockerfile';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState, type Extension, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { State } from '../viewer/state.ts';
import type { Finding } from './compile.ts';

export interface Editor {
  text(): string;
  /** Underlines problems. */
  show(findings: readonly Finding[]): void;
  /** Moves the cursor to a place. */
  goTo(offset: number): void;
}

const colors = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--run)', fontWeight: '600' },
  { tag: tags.string, color: 'var(--file)' },
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  { tag: tags.number, color: 'var(--source)' },
  { tag: tags.variableName, color: 'var(--merge)' },
]);

/** A line with a class. */
interface MarkedLine {
  readonly line: number;
  readonly name: string;
}

const markLines = StateEffect.define<readonly MarkedLine[]>();

const markedLines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, { effects, state, changes }) {
    let now = marks.map(changes);
    for (const effect of effects) {
      if (!effect.is(markLines)) continue;
      const builder = new RangeSetBuilder<Decoration>();
      for (const { line, name } of effect.value) {
        if (line > state.doc.lines) continue;
        const { from } = state.doc.line(line);
        builder.add(from, from, Decoration.line({ class: name }));
      }
      now = builder.finish();
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** @param onChange called with the text after each change */
export function createEditor(host: HTMLElement, text: string, state: State, onChange: (text: string) => void): Editor {
  const view = new EditorView({ parent: host, doc: text, extensions: [joinedWith(state, onChange), ...look] });
  showState(view, state);
  return {
    text: () => view.state.doc.toString(),
    show: (findings) => view.dispatch(setDiagnostics(view.state, toDiagnostics(findings, view.state.doc.length))),
    goTo(offset) {
      const at = Math.min(offset, view.state.doc.length);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
  };
}

/** How the editor looks, and its keys. */
const look: readonly Extension[] = [
  history(),
  drawSelection(),
  highlightActiveLine(),
  StreamLanguage.define(dockerFile),
  syntaxHighlighting(colors),
  lintGutter(),
  markedLines,
  keymap.of([...lintKeymap, ...historyKeymap, ...defaultKeymap]),
  EditorState.tabSize.of(4),
  EditorView.contentAttributes.of({ 'aria-label': 'Dockerfile' }),
];

/** What the user does in the editor selects and hovers steps. A click on the number of a line selects its next step. */
function joinedWith(state: State, onChange: (text: string) => void): Extension {
  const selectLine = (line: number) => {
    const steps = state.stepsOfLine(0, line);
    const at = state.selected === undefined ? -1 : steps.indexOf(state.selected);
    if (steps.length > 0) state.select(steps[(at + 1) % steps.length], 'editor');
    return steps.length > 0;
  };
  return [
    lineNumbers({
      domEventHandlers: { click: (editor, block) => selectLine(editor.state.doc.lineAt(block.from).number) },
    }),
    EditorView.updateListener.of(({ docChanged, selectionSet, state: { doc, selection } }) => {
      if (docChanged) onChange(doc.toString());
      if (selectionSet) state.hover(state.stepsOfLine(0, doc.lineAt(selection.main.head).number));
    }),
  ];
}

/** Marks the lines of the steps that are selected or hovered, and moves them into view. */
function showState(view: EditorView, state: State): void {
  // A change of the editor may be the cause, and the editor takes no other change meanwhile.
  let isWaiting = false;
  const markSoon = () => {
    if (isWaiting) return;
    isWaiting = true;
    queueMicrotask(() => {
      isWaiting = false;
      view.dispatch({ effects: markLines.of(marksOf(state)) });
    });
  };
  for (const change of ['selection', 'hover', 'graph'] as const) state.on(change, markSoon);
  state.on('selection', (from) => {
    const [first] = state.selected === undefined ? [] : state.drawing.facts[state.selected]!.lines;
    if (!first || from === 'editor' || from === 'graph' || first.start > view.state.doc.lines) return;
    view.dispatch({ effects: EditorView.scrollIntoView(view.state.doc.line(first.start).from, { y: 'nearest' }) });
  });
}

/** The classes of marked lines, in the order of the file. */
function marksOf(state: State): readonly MarkedLine[] {
  const marks = new Map<number, string>();
  const add = (steps: Iterable<number>, name: string) => {
    for (const step of steps)
      for (const { start, end } of state.drawing.facts[step]?.lines ?? [])
        for (let line = start; line <= end; line++) marks.set(line, name);
  };
  add(state.hovered, 'line-hovered');
  add(state.selected === undefined ? [] : [state.selected], 'line-selected');
  return [...marks].map(([line, name]) => ({ line, name })).sort((a, b) => a.line - b.line);
}

/** @param length that of the text, which may have become shorter since */
function toDiagnostics(findings: readonly Finding[], length: number): Diagnostic[] {
  return findings.map(({ from, to, severity, code, message, hint }) => ({
    from: Math.min(from, length),
    to: Math.min(Math.max(to, from), length),
    severity,
    source: code,
    message: hint ? `${message}\n${hint}` : message,
  }));
}
