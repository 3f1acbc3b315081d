/** What a frontend sends to its daemon, byte for byte, on Node and as the program of the image. */
import { duplexPair } from 'node:stream';
import { runForDaemon } from '../../src/gateway/run-for-daemon.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { nodeStream } from '../../src/rpc/node-stream.ts';
import type { GoldenCase } from '../golden/cases.ts';
import { environmentOf } from '../golden/lib/daemon.mjs';
import { serveCase } from '../golden/serve.ts';
import { startFrontend } from '../golden/start.ts';

/**
 * The messages of a build, one character for each byte, with the method before them. They are sorted: what runs at the same
 * time has no order.
 */
export type Messages = readonly string[];

/** Ids of progress groups, which are random: a field of 25 characters. */
const randomIds = /\n\x19[0-9a-z]{25}/g;

const shown = (method: string, request: Buffer) =>
  `${method} ${request.toString('latin1').replace(randomIds, '\n\x19(random)')}`;

/** Plays a build in this process, over HTTP/2 as outside. */
export async function messagesOnNode(build: GoldenCase): Promise<Messages> {
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

/** Plays it on a program that is started for it. */
export async function messagesOf(command: readonly string[], build: GoldenCase): Promise<Messages> {
  const messages: string[] = [];
  await startFrontend(command, build, (method, _, request) => messages.push(shown(method, request)));
  return messages.sort();
}
