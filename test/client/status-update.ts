/** Reports of a daemon, of which a test says only what matters to it. */
import type { StatusUpdate, Vertex } from '../../src/client/index.ts';

/** The time at which all begins, in milliseconds. */
export const T = 1_700_000_000_000;

export const vertex = (digest: string, name: string, more: Partial<Vertex> = {}): Vertex => ({
  digest,
  name,
  inputs: [],
  cached: false,
  started: undefined,
  completed: undefined,
  error: '',
  progressGroup: undefined,
  ...more,
});

export const update = (more: Partial<StatusUpdate>): StatusUpdate => ({
  vertexes: [],
  statuses: [],
  logs: [],
  warnings: [],
  ...more,
});
