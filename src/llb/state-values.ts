/** What a state remembers besides its filesystem; runs inherit it. */
import type { OciImageConfig } from '../image/config.ts';
import type { Platform } from '../image/platform.ts';
import { EnvList } from './env-list.ts';
import type { ExtraHost, NetworkMode, ResolveMode, SecurityMode, Ulimit } from './options.ts';

/** The image that a state began with, for whoever makes an image of the state. */
export interface BaseImage {
  /** As it was resolved, JSON or parsed; undefined where nobody has asked for it. */
  readonly config?: Uint8Array | OciImageConfig | undefined;
  /** Whom to ask; undefined where only the config is known. */
  readonly ref?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly resolveMode?: ResolveMode | undefined;
  /** Set for an image of an OCI layout. */
  readonly ociLayout?: { readonly sessionId: string; readonly storeId: string } | undefined;
}

export interface StateValues {
  readonly env: EnvList;
  readonly dir: string;
  /** Whether `dir` was asked for: else the base image's own counts for an image that is made of the state. */
  readonly dirGiven: boolean;
  readonly user: string;
  readonly hostname: string;
  readonly network: NetworkMode;
  readonly security: SecurityMode;
  readonly platform: Platform | undefined;
  readonly extraHosts: readonly ExtraHost[];
  readonly ulimits: readonly Ulimit[];
  readonly cgroupParent: string;
  readonly baseImage: BaseImage | undefined;
}

export const initialValues: StateValues = {
  env: EnvList.empty,
  dir: '/',
  dirGiven: false,
  user: '',
  hostname: '',
  network: 'sandbox',
  security: 'sandbox',
  platform: undefined,
  extraHosts: [],
  ulimits: [],
  cgroupParent: '',
  baseImage: undefined,
};
