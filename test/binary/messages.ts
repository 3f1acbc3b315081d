/** What a frontend sends to its daemon, byte for byte, on Node and as the program of the image. */
import path from 'node:path';
import { duplexPair } from 'node:stream';
import { runForDaemon } from '../../src/gateway/run-for-daemon.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { nodeStream } from '../../src/rpc/node-stream.ts';
import type { GoldenCase } from '../golden/cases.ts';
import { environmentOf } from '../golden/lib/daemon.mjs';
import { serveCase } from '../golden/serve.ts';
import { startFrontend } from '../golden/start.ts';

/** The frontend on Node: the bundle that the program contains is made from the same modules. */
export const onNode = [process.execPath, path.resolve(import.meta.dirname, '../../dist/frontend.js')];

/**
 * The messages of a build, one character for each byte, with the method before them. They are sorted: what runs at the
 * same time has no order.
 */
type Messages = readonly string[];

/** Ids of progress groups, which are random: a field of 25 characters. */
const randomIds = /\n\x19[0-9a-z]{25}/g;

const shown = (method: string, request: Buffer) =>
  `${method} ${request.toString('latin1').replace(randomIds, '\n\x19(random)')}`;

/**
 * Plays a build on a frontend that is started for it.
 * @throws Error if the frontend ends without a Return, or with another exit code than its outcome has
 */
export async function messagesOf(
  command: readonly string[],
  build: GoldenCase,
): Promise<{ readonly messages: Messages; readonly hasResult: boolean }> {
  const messages: string[] = [];
  const record = await startFrontend(command, build, (method, _, request) => messages.push(shown(method, request)));
  return { messages: messages.sort(), hasResult: !record['error'] };
}

/** Plays a build in this process, whose host a test may change. */
export async function messagesHere(build: GoldenCase): Promise<Messages> {
  const messages: string[] = [];
  const [ours, theirs] = duplexPair();
  serveCase(theirs, build, (method, request) => messages.push(shown(method, request)));
  try {
    await runForDaemon(runFrontend, {
      daemon: nodeStream(ours),
      environment: environmentOf(build),
      interrupted: new Promise(() => {}),
      onReturn: () => {},
    });
  } finally {
    ours.destroy();
    theirs.destroy();
  }
  return messages.sort();
}
