/** The files and directories that a build writes: each needs a place of its own. */
import { goesTo } from '../../client/exporter-table.ts';
import type { CacheEntry, Export } from '../../client/index.ts';
import type { OutputPath } from '../../system/output-clashes.ts';
import { requireOwnPlaces } from '../output.ts';
import { notLoaded } from './outputs.ts';

/** Checks that nothing that a build writes takes another one's place. @throws UsageError that names the options */
export function requirePlaces(
  outputs: readonly Export[],
  cacheTo: readonly CacheEntry[],
  {
    metadataFile,
    iidfile,
    writeImages,
  }: { readonly [Flag in 'metadataFile' | 'iidfile' | 'writeImages']?: string | undefined },
): void {
  const ofOutput = (output: Export): OutputPath[] => {
    if (!('dest' in output)) return [];
    const { type, dest, attrs = {} } = output;
    if (typeof dest !== 'string') return dest === notLoaded ? [] : [{ path: '-', kind: 'file', by: '--output' }];
    const localKind = attrs['mode'] === 'delete' ? 'mirror' : 'dir';
    return [
      {
        path: dest,
        kind: goesTo(type, 'dir') ? localKind : attrs['tar'] === 'false' ? 'store' : 'file',
        by: '--output',
      },
    ];
  };
  const ofCache = ({ type, attrs }: CacheEntry): OutputPath[] =>
    type === 'local' && attrs?.['dest'] ? [{ path: attrs['dest'], kind: 'store', by: '--cache-to' }] : [];
  requireOwnPlaces([
    ...outputs.flatMap(ofOutput),
    ...cacheTo.flatMap(ofCache),
    { path: metadataFile, kind: 'file', by: '--metadata-file' },
    { path: iidfile, kind: 'file', by: '--iidfile' },
    { path: writeImages, kind: 'file', by: '--write-images' },
  ]);
}
