/** The frontend's process with a daemon at its standard streams. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { frontendCapabilities, llbCapabilities } from '../../src/gateway/capabilities.ts';
import {
  PongResponseSchema,
  type ReturnRequest,
  ReturnRequestSchema,
  SolveResponseSchema,
} from '../../src/gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { type Handler, serve } from './server.ts';

/** What a daemon answers to a method. */
export type Answers = Readonly<Record<string, Handler>>;

export const entry = path.resolve(import.meta.dirname, '../../src/frontend.ts');

const caps = (known: ReadonlyMap<string, unknown>) => [...known.keys()].map((ID) => ({ ID, Enabled: true }));
const empty = new Uint8Array();

export const pong = () =>
  toBinary(
    PongResponseSchema,
    create(PongResponseSchema, { FrontendAPICaps: caps(frontendCapabilities), LLBCaps: caps(llbCapabilities) }),
  );

export const notFound = () => {
  throw Object.assign(new Error('no such file'), { code: 2 });
};

export interface FrontendProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** The daemon's end. */
  readonly stream: Duplex;
  readonly exited: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** Starts the process as BuildKit does. */
export function spawnFrontend(env: Readonly<Record<string, string>> = {}): FrontendProcess {
  const child = spawn(process.execPath, [entry], {
    env: { PATH: process.env['PATH'], BUILDKIT_SESSION_ID: 's', BUILDKIT_WORKERS: '[]', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {});
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.on('error', () => {});
  const exited = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.on('exit', (code) => resolve({ code, stderr }));
  });
  return { child, stream, exited };
}

/** Starts the process with a daemon that builds whatever it is asked to and has no files, unless `answers` has. */
export function startFrontend(answers: Answers, env: Readonly<Record<string, string>> = {}) {
  const { child, stream, exited } = spawnFrontend(env);
  let returned: ReturnRequest | undefined;
  const all: Answers = {
    Ping: pong,
    Inputs: () => empty,
    Warn: () => empty,
    Return: (_, request) => {
      returned = fromBinary(ReturnRequestSchema, request);
      return empty;
    },
    Solve: () =>
      toBinary(
        SolveResponseSchema,
        create(SolveResponseSchema, { result: { result: { case: 'ref', value: { id: 'r' } } } }),
      ),
    ReadFile: notFound,
    ...answers,
  };
  const session = serve(stream, (method, request, call) => {
    const answer = all[method];
    if (!answer) throw Object.assign(new Error(`unknown method ${method}`), { code: 12 });
    return answer(method, request, call);
  });
  return { child, session, exited: exited.then((end) => ({ ...end, returned })) };
}
