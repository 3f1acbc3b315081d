/** What a state remembers besides its filesystem; runs inherit it. */
import type { Platform } from '../image/platform.ts';
import { EnvList } from './env-list.ts';
import type { ExtraHost, NetworkMode, SecurityMode, Ulimit } from './options.ts';

export interface StateValues {
  readonly env: EnvList;
  readonly dir: string;
  readonly user: string;
  readonly hostname: string;
  readonly network: NetworkMode;
  readonly security: SecurityMode;
  readonly platform: Platform | undefined;
  readonly extraHosts: readonly ExtraHost[];
  readonly ulimits: readonly Ulimit[];
  readonly cgroupParent: string;
}

export const initialValues: StateValues = {
  env: EnvList.empty,
  dir: '/',
  user: '',
  hostname: '',
  network: 'sandbox',
  security: 'sandbox',
  platform: undefined,
  extraHosts: [],
  ulimits: [],
  cgroupParent: '',
};
