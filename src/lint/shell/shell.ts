/** The shell that runs a command in shell form. */

/** What is known of a shell. */
export interface Shell {
  /** Whether it reads the language of POSIX shells; PowerShell and cmd do not. */
  readonly isPosix: boolean;
  /** The name of its program: `sh`, `bash`, `ash`. */
  readonly name: string;
  /** Whether a pipeline fails if any of its commands does (`-o pipefail`). */
  readonly pipefail: boolean;
  /** Whether a script ends at the first command that fails (`-e`). */
  readonly errexit: boolean;
}

/** The shell of an image that sets none. */
export const defaultShell: Shell = { isPosix: true, name: 'sh', pipefail: false, errexit: false };

/** The shell of Windows images. */
export const windowsShell: Shell = { isPosix: false, name: 'cmd', pipefail: false, errexit: false };

const posixShells = new Set(['sh', 'bash', 'dash', 'ash', 'ksh', 'mksh', 'zsh', 'busybox']);

/** Reads the words of SHELL, or of the first line `#!/bin/sh -e` of a script. */
export function readShell(words: readonly string[]): Shell {
  const [program = '', ...rest] = words;
  const name = program.replace(/^.*[/\\]/, '').toLowerCase();
  // `#!/usr/bin/env -S bash -e` names the shell after env.
  if (name === 'env') return readShell(rest.filter((word, at) => at > 0 || word !== '-S'));
  const options = { pipefail: false, errexit: false };
  for (const [at, word] of rest.entries()) {
    if (!/^-[a-zA-Z]+$/.test(word)) continue;
    if (word.includes('e')) options.errexit = true;
    if (word.endsWith('o') && rest[at + 1] === 'pipefail') options.pipefail = true;
    if (word.endsWith('o') && rest[at + 1] === 'errexit') options.errexit = true;
  }
  return { isPosix: posixShells.has(name), name, ...options };
}

/** The shell of a script's first line; undefined if it does not name one. */
export function shebangShell(script: string): Shell | undefined {
  const [, line] = /^#![ \t]*([^\n\r]*)/.exec(script) ?? [];
  return line === undefined ? undefined : readShell(line.trim().split(/[ \t]+/));
}
