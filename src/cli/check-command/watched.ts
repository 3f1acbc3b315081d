/** What a check depends on: its result may change when one of these files does. */
import path from 'node:path';
import type { Outcome } from './check-target.ts';

/** The files of a run. */
export interface Watched {
  readonly files: readonly string[];
}

/** What a run depends on. */
export function watchedOf(
  outcomes: readonly Outcome[],
  { config }: { readonly config?: string | boolean | undefined },
): Watched {
  const files = new Set<string>();
  for (const { dockerfile, contextDir } of outcomes) {
    if (dockerfile === '') continue;
    const place = path.resolve(dockerfile);
    for (const file of [place, `${place}.dockerignore`]) files.add(file);
    if (contextDir !== undefined) files.add(path.resolve(contextDir, '.dockerignore'));
    if (config === undefined || config === true)
      for (let at = path.dirname(place); ; at = path.dirname(at)) {
        files.add(path.join(at, 'tsfront.json'));
        if (path.dirname(at) === at || at === process.cwd()) break;
      }
  }
  if (typeof config === 'string') files.add(path.resolve(config));
  return { files: [...files] };
}
