/** What inputs are made of: real Dockerfiles, the golden cases, measured graphs. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { goldenNames, readCase } from '../../golden/cases.ts';

const fixture = (name: string) =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '../..', name), 'utf8')) as Record<string, unknown>[];

/** Every eighth of some items: enough to mutate, and quick to read. */
const some = <T>(items: readonly T[], each = 8) => items.filter((_, index) => index % each === 0);

export function dockerfiles(): string[] {
  const measured = fixture('parser/fixtures/dockerfiles.json').flatMap(({ text }) =>
    text === undefined ? [] : [text],
  );
  const golden = some(goldenNames(), 3).flatMap((name) => {
    const file = readCase(name).files.get('Dockerfile');
    return file === undefined ? [] : [String(file)];
  });
  return [...some(measured as string[], 4), ...golden].filter((text) => text.length > 0 && text.length < 4096);
}

export const words = () => fixture('parser/fixtures/words.json').map(({ text }) => text as string);
export const mounts = () => fixture('parser/fixtures/mounts.json').map(({ value }) => value as string);

/** The ops of some graphs, in their bytes. */
export function graphs(): Uint8Array[][] {
  return fixture('llb/fixtures/graphs.json').map(({ ops }) =>
    ((ops ?? []) as { hex: string }[]).map(({ hex }) => Buffer.from(hex, 'hex')),
  );
}
