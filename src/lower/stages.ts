/** The stages of a build while they are lowered, and the sources outside the Dockerfile that they read from. */
import type { LineRange, SourceRange } from '../diagnostic/source-file.ts';
import { toLower } from '../go/unicode.ts';
import type { ImageConfig } from '../image/config.ts';
import type { Platform } from '../image/platform.ts';
import { scratch } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { StageInstruction } from '../parser/ast.ts';
import type { NamedContext } from './environment.ts';
import { createOutlineCapture, type OutlineCapture } from './outline-capture.ts';

/** The name that stands for an empty filesystem. */
export const emptyImageName = 'scratch';

/** An instruction of a stage together with the stages it reads from: one for each mount of a RUN, one for a COPY. */
export interface Command {
  /** The instruction. */
  readonly instruction: StageInstruction;
  /** The stages in the order of the mounts. */
  readonly sources: readonly StageState[];
  /** Whether it comes from an ONBUILD of the base. */
  readonly isTrigger: boolean;
}

/** A stage, or a source that only COPY --from or a mount names (`external`). Each phase of lowering fills its part. */
export interface StageState extends StageNode {
  /** Whether its base image is known or not needed. */
  resolved: boolean;
  /** Whether its commands include the ONBUILD triggers of its base. */
  triggersTaken: boolean;
  /** Whether `result` is final, so that other stages may read it. */
  dispatched: boolean;
  /** Whether an instruction failed that later ones depend on. */
  broken: boolean;
  /** The position among the steps of the build. */
  readonly steps: StepCount;
  /** The result of the instructions so far. */
  result: StageResult;
  /** Index of each variable in the env of the image while the stage is dispatched. */
  envPlaces: Map<string, number>;
  /** Paths that it reads from the main context. */
  readonly contextPaths: Set<string>;
  /** Whether an SBOM scan covers the stage, and the main context. */
  readonly scans: { stage: boolean; context: boolean };
  /** Lines of the last CMD, ENTRYPOINT and HEALTHCHECK of this stage. */
  readonly last: { cmd?: LineRange; entrypoint?: LineRange; healthcheck?: LineRange };
  /** The arguments, secrets and SSH agents of the stage. */
  outline: OutlineCapture;
}

/** A stage's place in the Dockerfile and in the dependency graph, which is known before anything is resolved. */
interface StageNode {
  /** The name given with AS in lower case, or ''. */
  readonly name: string;
  /** Its name in step names and suggestions; '' if it is the only stage. */
  displayName: string;
  /** The base as named; after image resolution, its full reference. */
  baseName: string;
  readonly external: boolean;
  /** Lines of its FROM, or of the COPY that names it; undefined for a source that a mount names. */
  readonly lines: LineRange | undefined;
  /** The word that names its base; undefined if that is in another file. */
  readonly range: SourceRange | undefined;
  /** Text of its FROM. */
  readonly code: string;
  readonly docComment: string;
  /** Empty when it was dispatched. */
  instructions: readonly StageInstruction[];
  ignoreCache: boolean;
  /** The stage it derives from. */
  base: StageState | undefined;
  namedContext: NamedContext | undefined;
  /** Empty when it was dispatched. */
  commands: Command[];
  /** Stages it reads from, each with the last instruction that does. */
  readonly dependencies: Map<StageState, StageInstruction>;
}

/** The position of a stage among the steps that a build shows. */
interface StepCount {
  /** Number of the current step, from 1; 0 before the first. */
  index: number;
  total: number;
  /** Whether the current step comes from an ONBUILD of the base. */
  inTrigger: boolean;
}

/** The result of a stage's instructions. A stage that derives from it begins with this. */
interface StageResult {
  state: State;
  image: ImageConfig;
  /** Config of the base image as it was pulled; never changed. */
  baseImage: ImageConfig | undefined;
  platform: Platform | undefined;
  /** ARGs so far with their values: the history of each RUN begins with them. */
  buildArgs: Map<string, string | undefined>;
  /** Values of the ARGs that control SBOM scans. */
  scanArgs: Map<string, string>;
  /** Paths that others read from this stage; it shares the set with the stages it derives from. */
  paths: Set<string>;
  /** Whether this Dockerfile has set a WORKDIR. */
  workdirSet: boolean;
}

type StageOrigin = Pick<StageState, 'name' | 'baseName' | 'lines'> &
  Partial<Pick<StageState, 'displayName' | 'range' | 'external' | 'code' | 'docComment' | 'instructions' | 'outline'>>;

/** Makes the state of a stage before its first phase. */
export function createStageState(origin: StageOrigin): StageState {
  return {
    displayName: '',
    range: undefined,
    external: false,
    code: '',
    docComment: '',
    instructions: [],
    outline: createOutlineCapture(new Map()),
    ...origin,
    ignoreCache: false,
    base: undefined,
    namedContext: undefined,
    commands: [],
    dependencies: new Map(),
    resolved: false,
    triggersTaken: false,
    dispatched: false,
    broken: false,
    steps: { index: 0, total: 0, inTrigger: false },
    result: {
      state: scratch(),
      image: unknownImage(),
      baseImage: undefined,
      platform: undefined,
      buildArgs: new Map(),
      scanArgs: new Map(),
      paths: new Set(),
      workdirSet: false,
    },
    envPlaces: new Map(),
    contextPaths: new Set(),
    scans: { stage: false, context: false },
    last: {},
  };
}

/** The config of a context without one: even the platform is not known. */
function unknownImage(): ImageConfig {
  return {
    author: '',
    architecture: '',
    os: '',
    osVersion: '',
    osFeatures: undefined,
    variant: '',
    config: {
      user: '',
      exposedPorts: undefined,
      env: [],
      entrypoint: undefined,
      cmd: undefined,
      volumes: undefined,
      workingDir: '',
      labels: undefined,
      stopSignal: '',
      argsEscaped: false,
      healthcheck: undefined,
      onBuild: undefined,
      shell: undefined,
    },
    rootfs: { type: '', diffIds: undefined },
    history: [],
  };
}

/** All stages in the order in which they were added: the stages of the file, then external sources. */
export interface StageTable {
  /** The stages. */
  readonly states: StageState[];
  /** Stages by their name in lower case; of several with one name, the last. */
  readonly byName: Map<string, StageState>;
}

/** Adds a stage. It derives from an earlier stage if that has the name of its base. */
export function addStage(table: StageTable, stage: StageState): void {
  table.states.push(stage);
  // Base names are case-sensitive, unlike names in --from.
  const base = table.byName.get(stage.baseName);
  if (base) {
    stage.base = base;
    stage.outline = base.outline.clone();
  }
  if (stage.name !== '') table.byName.set(toLower(stage.name), stage);
}

/** The stage with a name in any casing; undefined if absent. */
export function findStage(table: StageTable, name: string): StageState | undefined {
  return table.byName.get(toLower(name));
}

/** The names of all stages, for suggestions. */
export function stageNames(table: StageTable): string[] {
  return table.states.map((stage) => stage.displayName).filter((name) => name !== '');
}

/** A stage and all stages it needs: its base and those it copies or mounts from. */
export function reachableStages(target: StageState): Set<StageState> {
  const reachable = new Set<StageState>([target]);
  // Iterating over a set also visits members that are added meanwhile.
  for (const stage of reachable) {
    if (stage.base) reachable.add(stage.base);
    for (const dependency of stage.dependencies.keys()) reachable.add(dependency);
  }
  return reachable;
}
