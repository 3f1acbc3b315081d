/** The settings of a state besides its filesystem. */
import type { BaseImage } from './base-image.ts';
import { EnvList } from './env-list.ts';
import type { RunValues } from './exec.ts';

/** The values of a state. */
export interface StateValues extends RunValues {
  /** Whether `State.dir` set the working directory. Otherwise an image of the state keeps that of its base image. */
  readonly dirGiven: boolean;
  /** The image that the state began with; undefined if it began with something else. */
  readonly baseImage: BaseImage | undefined;
}

/** The values of a new state. */
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
