/** The immutable State: a filesystem to be built, and the settings that following runs inherit. */
import type { Platform } from '../image/platform.ts';
import type { Definition } from './definition.ts';
import type {
  Constraints,
  ExtraHost,
  MarshalOptions,
  NetworkMode,
  RunOptions,
  SecurityMode,
  Ulimit,
} from './options.ts';

/** Environment variables in the order they were last set. */
export interface EnvList {
  get(key: string): string | undefined;
  keys(): string[];
  toArray(): string[];
  addOrReplace(key: string, value: string): EnvList;
  setDefault(key: string, value: string): EnvList;
  delete(key: string): EnvList;
}

export interface FileAction {
  readonly kind: 'file-action';
}

export interface ExecState {
  readonly root: State;
  mount(target: string): State;
}

export interface State {
  addEnv(key: string, value: string): State;
  env(): EnvList;
  dir(path: string): State;
  getDir(): string;
  user(user: string): State;
  hostname(hostname: string): State;
  network(mode: NetworkMode): State;
  security(mode: SecurityMode): State;
  platform(platform: Platform): State;
  getPlatform(): Platform | undefined;
  addExtraHost(host: ExtraHost): State;
  addUlimit(ulimit: Ulimit): State;
  cgroupParent(parent: string): State;
  run(options: RunOptions): ExecState;
  file(action: FileAction, constraints?: Constraints): State;
  /** The values of this state on the output of another. */
  withOutput(other: State): State;
  withImageConfig(config: Uint8Array): State;
  withMarshalDefaults(options: MarshalOptions): State;
  marshal(options?: MarshalOptions): Definition;
}
