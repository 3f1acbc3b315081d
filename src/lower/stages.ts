/** The stages of a build while they are lowered, and the sources outside the Dockerfile that they read from. */
import { toLower } from '../go/unicode.ts';
import type { ImageConfig } from '../image/config.ts';
import type { Platform } from '../image/platform.ts';
import { scratch } from '../llb/index.ts';
import type { State } from '../llb/state.ts';
import type { StageInstruction } from '../parser/ast.ts';
import type { LineRange, SourceRange } from '../parser/source.ts';
import type { NamedContext } from './environment.ts';
import { createOutlineCapture, type OutlineCapture } from './outline.ts';

/** The name that stands for an empty filesystem. */
export const emptyImageName = 'scratch';

/** An instruction of a stage together with the stages it reads from: one for each mount of a RUN, one for a COPY. */
export interface Command {
  readonly instruction: StageInstruction;
  readonly sources: readonly StageState[];
  /** Came from an ONBUILD of the base. */
  readonly isTrigger: boolean;
}

/** A stage, or a source that only COPY --from or a mount names (`external`). Its fields change as the phases pass. */
export interface StageState {
  /** The name given with AS in lower case, or ''. */
  readonly name: string;
  /** What step names and suggestions call it; '' where there is nothing to tell apart. */
  displayName: string;
  /** Base as named; from image resolution on the full reference. */
  baseName: string;
  readonly external: boolean;
  /** Lines of its FROM, or of the COPY that names it; undefined for a source that a mount names. */
  readonly lines: LineRange | undefined;
  /** What exactly names its base; undefined where that is in another file. */
  readonly range: SourceRange | undefined;
  /** Text of its FROM. */
  readonly code: string;
  readonly docComment: string;
  readonly instructions: readonly StageInstruction[];

  /** The stage it derives from. */
  base: StageState | undefined;
  namedContext: NamedContext | undefined;
  commands: Command[];
  /** Stages it reads from, each with the last instruction that does. */
  readonly dependencies: Map<StageState, StageInstruction>;

  /** Its base image is known, or it is not needed. */
  resolved: boolean;
  triggersTaken: boolean;
  /** `state` is final: other stages may read from it. */
  dispatched: boolean;

  state: State;
  image: ImageConfig;
  /** Config of the base image as it was pulled; never changed. */
  baseImage: ImageConfig | undefined;
  platform: Platform | undefined;
  /** Index of each variable in the env of `image`. */
  envPlaces: Map<string, number>;

  /** ARGs so far with their values: the history of each RUN begins with them. */
  buildArgs: Map<string, string | undefined>;
  /** Values of the ARGs that steer SBOM scans. */
  scanArgs: Map<string, string>;
  /** Paths read from the main context. */
  readonly contextPaths: Set<string>;
  /** Paths read from this stage or what it derives from, which share one set. */
  paths: Set<string>;

  ignoreCache: boolean;
  /** Number of the current step, and how many there are. */
  commandIndex: number;
  commandTotal: number;
  /** The current step came from an ONBUILD of the base. */
  inTrigger: boolean;
  scanStage: boolean;
  scanContext: boolean;

  /** A WORKDIR was given in this Dockerfile. */
  workdirSet: boolean;
  /** Where the last CMD, ENTRYPOINT and HEALTHCHECK of this stage are. */
  lastCmd: LineRange | undefined;
  lastEntrypoint: LineRange | undefined;
  lastHealthcheck: LineRange | undefined;

  outline: OutlineCapture;
}

type StageOrigin = Pick<StageState, 'name' | 'baseName' | 'lines'> &
  Partial<Pick<StageState, 'displayName' | 'range' | 'external' | 'code' | 'docComment' | 'instructions' | 'outline'>>;

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
    base: undefined,
    namedContext: undefined,
    commands: [],
    dependencies: new Map(),
    resolved: false,
    triggersTaken: false,
    dispatched: false,
    state: scratch(),
    image: unknownImage(),
    baseImage: undefined,
    platform: undefined,
    envPlaces: new Map(),
    buildArgs: new Map(),
    scanArgs: new Map(),
    contextPaths: new Set(),
    paths: new Set(),
    ignoreCache: false,
    commandIndex: 0,
    commandTotal: 0,
    inTrigger: false,
    scanStage: false,
    scanContext: false,
    workdirSet: false,
    lastCmd: undefined,
    lastEntrypoint: undefined,
    lastHealthcheck: undefined,
  };
}

/** The config of a context that brings none: not even the platform is known. */
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

/** All stages in the order in which they were met; external sources come behind the stages of the file. */
export interface StageTable {
  readonly states: StageState[];
  /** By lower-case name; of several stages with one name the last. */
  readonly byName: Map<string, StageState>;
}

/** Adds a stage; a base name that a stage before it has makes it derive from that one. */
export function addStage(table: StageTable, stage: StageState): void {
  table.states.push(stage);
  // Base names are looked up as they are written, other than names in --from.
  const base = table.byName.get(stage.baseName);
  if (base) {
    stage.base = base;
    stage.outline = base.outline.clone();
  }
  if (stage.name !== '') table.byName.set(toLower(stage.name), stage);
}

export function findStage(table: StageTable, name: string): StageState | undefined {
  return table.byName.get(toLower(name));
}

export function stageNames(table: StageTable): string[] {
  return table.states.map((stage) => stage.displayName).filter((name) => name !== '');
}

/** A stage with all it needs: its base, and what it copies or mounts from. */
export function reachableStages(target: StageState): Set<StageState> {
  const reachable = new Set<StageState>([target]);
  // A set's iteration also visits what is added during it.
  for (const stage of reachable) {
    if (stage.base) reachable.add(stage.base);
    for (const dependency of stage.dependencies.keys()) reachable.add(dependency);
  }
  return reachable;
}
