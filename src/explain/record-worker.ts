/** The thread of start-recording.ts. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Definition } from '../llb/definition.ts';
import { makeRecord } from './make-record.ts';
import type { RecordAnswer, RecordTask } from './start-recording.ts';

const { definitions, opts, dirs, ...options } = workerData as RecordTask;

try {
  // Elsewhere the priority is that of the process.
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // It works without.
}

async function answer(): Promise<RecordAnswer> {
  try {
    const decoded = definitions.map(([platform, bytes]) => [platform, Definition.decode(bytes)] as const);
    const build = { compiled: { definitions: new Map(decoded) }, opened: { opts, dirs } };
    return { record: JSON.stringify(await makeRecord(build, options)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

parentPort!.postMessage(await answer());
