/** The stages of a build, and the sources outside the Dockerfile that they read from, before anything is resolved. */
import type { LineRange, SourceRange } from '../diagnostic/source-file.ts';
import { toLower } from '../go/unicode.ts';
import type { Platform } from '../image/platform.ts';
import type { NamedContext } from './environment.ts';
import type { StepCounter } from './step-name.ts';

/** The name that stands for an empty filesystem. */
export const emptyImageName = 'scratch';

/** A stage as its FROM describes it, or a source that only COPY --from or a mount names (`external`). */
export interface BuildStage {
  /** The name given with AS in lower case, or ''. */
  readonly name: string;
  /** The name of its base, with variables expanded. */
  readonly baseName: string;
  /** The stage it derives from; undefined if its base is not a stage. */
  readonly parent: BuildStage | undefined;
  /** The context that replaces the stage. */
  readonly namedContext: NamedContext | undefined;
  /** The value of `--platform`; undefined if absent. */
  readonly platform: Platform | undefined;
  /** Whether it is a source that is not in the Dockerfile. */
  readonly external: boolean;
  /** Lines of its FROM, or of the COPY that names it; undefined for a source that a mount names. */
  readonly lines: LineRange | undefined;
  /** The word that names its base; undefined if that is in another file. */
  readonly range: SourceRange | undefined;
  /** Text of its FROM. */
  readonly code: string;
  /** From the comment above its FROM; '' if absent. */
  readonly docComment: string;
  /** Whether its steps run although they are cached. */
  readonly ignoreCache: boolean;
  /** Names of the arguments that its FROM and those of the stages that it derives from use. */
  readonly usedArgs: ReadonlySet<string>;
  /** Counts its steps through all phases. */
  readonly steps: StepCounter;
  /** Paths that others read from this stage; dispatch collects them. A stage shares the set with its parent. */
  readonly paths: Set<string>;
}

/** Makes a source that is not in the Dockerfile. */
export function externalSource(
  name: string,
  place: { readonly lines?: LineRange; readonly range: SourceRange | undefined },
): BuildStage {
  return {
    name: '',
    baseName: name,
    parent: undefined,
    namedContext: undefined,
    platform: undefined,
    external: true,
    lines: place.lines,
    range: place.range,
    code: '',
    docComment: '',
    ignoreCache: false,
    usedArgs: new Set(),
    steps: { stageName: '', index: 0, total: 0, inTrigger: false },
    paths: new Set(),
  };
}

/** All stages in the order in which they were added: the stages of the file, then external sources. */
export interface StageTable {
  /** The stages. */
  readonly stages: BuildStage[];
  /** Stages by their name in lower case; of several with one name, the last. */
  readonly byName: Map<string, BuildStage>;
}

/** Adds a stage. */
export function addStage(table: StageTable, stage: BuildStage): void {
  table.stages.push(stage);
  if (stage.name !== '') table.byName.set(toLower(stage.name), stage);
}

/** The stage with a name in any casing; undefined if absent. */
export function findStage(table: StageTable, name: string): BuildStage | undefined {
  return table.byName.get(toLower(name));
}

/** The names of the stages before the one that a place of the file is in; of all if the place is in another file. */
export function stageNamesBefore(table: StageTable, place: SourceRange | undefined): string[] {
  const inFile = table.stages.filter(({ external }) => !external);
  const index = place ? inFile.findLastIndex(({ range }) => range && range.start <= place.start) : inFile.length;
  return inFile.slice(0, Math.max(0, index)).flatMap(({ name }) => (name === '' ? [] : [name]));
}

/** The names of all stages as steps show them, for suggestions. */
export function stageNames(table: StageTable): string[] {
  return table.stages.map(({ steps }) => steps.stageName).filter((name) => name !== '');
}
