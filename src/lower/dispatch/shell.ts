import type { ImageConfig } from '../../image/config.ts';

/** A command line in shell form: the words go to the shell as one. */
export function withShell(image: ImageConfig, args: readonly string[]): string[] {
  const { shell } = image.config;
  return [...(shell && shell.length > 0 ? shell : defaultShell(image.os)), args.join(' ')];
}

function defaultShell(os: string): readonly string[] {
  return os === 'windows' ? ['cmd', '/S', '/C'] : ['/bin/sh', '-c'];
}
