import type { ImageConfig } from '../../image/config.ts';

/** The arguments of a command in shell form: the shell, then all words as one. */
export function withShell(image: ImageConfig, args: readonly string[]): string[] {
  const { shell } = image.config;
  return [...(shell && shell.length > 0 ? shell : defaultShell(image.os)), args.join(' ')];
}

function defaultShell(os: string): readonly string[] {
  return os === 'windows' ? ['cmd', '/S', '/C'] : ['/bin/sh', '-c'];
}
