import { runsAndTriggers } from '../lint-file.ts';
import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand } from '../shell/command.ts';
import { shebangShell } from '../shell/shell.ts';

/** A here-document has several commands, and goes on after one that fails. */
export const uncheckedHeredoc: LintRule = {
  name: 'UncheckedHeredoc',
  summary: 'A script in a here-document ends at the first command that fails.',
  why: 'The commands of a here-document are lines of a script. Without `set -e` the script goes on after a command that fails, and the build step succeeds if only the last one does.',
  bad: [
    'FROM debian:13\nRUN <<EOF\nmake\nmake install\nEOF\n',
    'FROM debian:13\nRUN <<EOF\n#!/bin/bash\nmake; make install\nEOF\n',
    "FROM debian:13\nRUN <<EOF\n#!/bin/bash\ntrap 'echo failed' ERR\nmake\nmake install || exit 1\nEOF\n",
  ],
  good: [
    'FROM debian:13\nRUN <<EOF\nset -e\nmake\nmake install\nEOF\n',
    'FROM debian:13\nRUN <<EOF\nmake && make install\nEOF\n',
    'FROM debian:13\nRUN <<EOF\n#!/bin/bash -e\nmake\nmake install\nEOF\n',
    'FROM debian:13\nSHELL ["/bin/bash", "-euo", "pipefail", "-c"]\nRUN <<EOF\nmake\nmake install\nEOF\n',
    'FROM debian:13\nRUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nprint(2)\nEOF\n',
    'FROM debian:13\nRUN <<EOF\nmake || exit 1\nmake install || { echo failed >&2; exit 2; }\nmake clean\nEOF\n',
    "FROM debian:13\nRUN <<EOF\n#!/bin/bash\ntrap 'exit 1' ERR\nmake\nmake install\nEOF\n",
    'FROM debian:13\nRUN <<EOF\nset -o errexit -o nounset\nmake\nmake install\nEOF\n',
  ],
  level: 'warning',
  fix: 'safe',
  *find({ stages, dockerfile }): Generator<Finding> {
    for (const stage of stages) {
      for (const { instruction, script, shell, isHeredoc } of runsAndTriggers(stage)) {
        const [heredoc] = instruction.heredocs;
        if (!isHeredoc || !heredoc || shell.errexit || !script.goesOn) continue;
        const stops = script.commands.some(
          ({ name, args }) => name === 'set' && args.some(({ value }) => /^-[a-zA-Z]*e|^errexit$/.test(value ?? '')),
        );
        if (stops || script.commands.some(isExitTrap)) continue;
        const { start, end } = heredoc.contentRange;
        const text = dockerfile.source.text;
        const first = shebangShell(heredoc.content) ? Math.min(end, text.indexOf('\n', start) + 1) : start;
        const indentation = /^[\t ]*/.exec(text.slice(first, end))![0];
        yield {
          instruction,
          range: { start: instruction.range.start, end: text.slice(0, start).trimEnd().length },
          message: `this script of ${script.statements} commands goes on after one that fails`,
          hint: 'Begin it with set -e.',
          fix: {
            title: 'Begin with set -e',
            edits: [{ range: { start: first, end: first }, text: `${indentation}set -e\n` }],
            safety: 'safe',
            changes: 'the step ends at the first command that fails',
          },
        };
      }
    }
  },
};

/** Whether it is `trap 'exit 1' ERR` or the like. */
function isExitTrap({ name, args }: ShellCommand): boolean {
  return name === 'trap' && /\bexit\b/.test(args[0]?.text ?? '') && args.some(({ value }) => value === 'ERR');
}
