/** The image config: OCI's fields with Docker's extensions, in the order in which they are written. */
import type { Timestamp } from '../go/time.ts';

export interface ImageConfig {
  created?: Timestamp | undefined;
  author: string;
  architecture: string;
  os: string;
  osVersion: string;
  osFeatures: string[] | undefined;
  variant: string;
  config: ContainerConfig;
  rootfs: { type: string; diffIds: string[] | undefined };
  history: History[];
}

/** undefined and empty lists are told apart only where Go's omitempty does not hide it; maps are written in key order. */
export interface ContainerConfig {
  user: string;
  exposedPorts: Set<string> | undefined;
  env: string[];
  entrypoint: string[] | undefined;
  cmd: string[] | undefined;
  volumes: Set<string> | undefined;
  workingDir: string;
  labels: Map<string, string> | undefined;
  stopSignal: string;
  argsEscaped: boolean;
  healthcheck: HealthcheckConfig | undefined;
  onBuild: string[] | undefined;
  shell: string[] | undefined;
}

/** Durations in nanoseconds; 0 inherits. */
export interface HealthcheckConfig {
  test: string[];
  interval: bigint;
  timeout: bigint;
  startPeriod: bigint;
  startInterval: bigint;
  retries: number;
}

export interface History {
  created?: Timestamp | undefined;
  createdBy: string;
  author: string;
  comment: string;
  emptyLayer: boolean;
}
