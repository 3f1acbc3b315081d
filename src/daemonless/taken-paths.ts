/** What the ops of a graph take from their inputs, and which of the inputs are local sources. */
import type { LineRange } from '../diagnostic/source-file.ts';
import { hasWildcard } from '../go/match.ts';
import type { Definition, DefinitionEntry } from '../llb/definition.ts';

/** A local source of a graph. */
export interface LocalSource {
  /** Its name: `context`, or that of a named context. */
  readonly local: string;
  /** Patterns of the paths that are sent; [] for all. */
  readonly include: readonly string[];
  /** Patterns of the ignore file in effect; [] without an ignore file. */
  readonly exclude: readonly string[];
  /** Paths and patterns that are sent, with what links in them point to; undefined for all. */
  readonly follow: readonly string[] | undefined;
}

/** The local source that an op is; undefined for other ops. */
export function localSource({ op: { op } }: DefinitionEntry): LocalSource | undefined {
  if (op.case !== 'source' || !op.value.identifier.startsWith('local://')) return undefined;
  const { identifier, attrs } = op.value;
  const list = (name: string) => (attrs[name] ? (JSON.parse(attrs[name]) as string[]) : undefined);
  return {
    local: identifier.slice('local://'.length),
    include: list('local.includepattern') ?? [],
    exclude: list('local.excludepatterns') ?? [],
    follow: list('local.followpaths'),
  };
}

/** A path that an op takes from one of its inputs. */
export interface TakenPath {
  /** Index of the op's input. */
  readonly input: number;
  /** `copy` and `mount` for an instruction's own path; `whole` for an op that continues from the input. */
  readonly kind: 'copy' | 'mount' | 'whole';
  /** From the root of the input: `/src/*.ts`. */
  readonly path: string;
  /** Whether characters such as `*` in the path are wildcards. */
  readonly allowWildcard: boolean;
  /** Whether a link at the end of the path is followed. */
  readonly followLinks: boolean;
  /** Patterns, relative to the path, of what is taken below it; [] for all. */
  readonly include: readonly string[];
  /** Patterns, relative to the path, of what is not taken below it. */
  readonly exclude: readonly string[];
  /** Paths that must exist if there are `include` patterns. */
  readonly required: readonly string[];
  /** Which of the instruction's sources it is, from 0; undefined for those that are not of COPY or ADD. */
  readonly index: number | undefined;
}

const whole = { path: '/', allowWildcard: false, followLinks: true, include: [], exclude: [], required: [] } as const;

/** The paths that an op takes from its inputs, in the order of the op. */
export function takenPaths({ op: { op, inputs } }: DefinitionEntry): TakenPath[] {
  const isInput = (index: bigint) => index >= 0n && Number(index) < inputs.length;
  if (op.case === 'file')
    return op.value.actions.flatMap(({ action, input, secondaryInput }, index): TakenPath[] => {
      const base: TakenPath[] = isInput(input)
        ? [{ ...whole, kind: 'whole', input: Number(input), index: undefined }]
        : [];
      if (action.case !== 'copy' || !isInput(secondaryInput)) return base;
      const { src, allowWildcard, followSymlink, includePatterns, excludePatterns, requiredPaths } = action.value;
      return [
        ...base,
        {
          input: Number(secondaryInput),
          kind: 'copy',
          path: src,
          allowWildcard,
          followLinks: followSymlink,
          include: includePatterns,
          exclude: excludePatterns,
          required: requiredPaths,
          index,
        },
      ];
    });
  if (op.case === 'exec')
    return op.value.mounts
      .filter(({ input }) => isInput(input))
      .map(({ input, selector, dest }) => ({
        ...whole,
        path: selector || '/',
        input: Number(input),
        kind: dest === '/' ? 'whole' : 'mount',
        index: undefined,
      }));
  // A merge, a diff, or the op that names the result.
  if (op.case === 'source' || op.case === 'build') return [];
  return inputs.map((_, input) => ({ ...whole, input, kind: 'whole', index: undefined }));
}

/** Whether the path is a pattern, so that it may match several files or none. */
export function isWildcard({ path, allowWildcard }: Pick<TakenPath, 'path' | 'allowWildcard'>): boolean {
  return allowWildcard && hasWildcard(path);
}

/** A place in a source file of a graph. */
export interface OpPlace {
  /** Name of the file. */
  readonly filename: string;
  /** Lines of the instruction. */
  readonly lines: LineRange;
}

/** The places of the instructions that an op was made of; several instructions may share one op. */
export function placesOf({ source }: Definition, digest: string): OpPlace[] {
  return (source?.locations[digest]?.locations ?? []).flatMap(({ ranges, sourceIndex }): OpPlace[] => {
    const [start, end] = [ranges[0]?.start, ranges.at(-1)?.end];
    if (!start || !end) return [];
    const filename = source?.infos[sourceIndex]?.filename ?? '';
    return [{ filename, lines: { start: start.line, end: end.line } }];
  });
}
