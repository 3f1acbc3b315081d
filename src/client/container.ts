/** Containers of a build: run programs on its results and look at their files. */
import { PassThrough, type Readable, Writable } from 'node:stream';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Reference } from '../gateway/bridge.ts';
import type { ExecMessage, InitMessageSchema, LLBBridge } from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { type MountSchema, MountType, SecurityMode as PbSecurityMode } from '../gen/pb/ops_pb.ts';
import type { Platform } from '../image/platform.ts';
import { networkModes } from '../llb/exec.ts';
import type { CacheSharing, SecurityMode } from '../llb/index.ts';
import { cacheSharings } from '../llb/mount.ts';
import { platformToPb } from '../llb/platform-message.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { BidiCall, ServiceClient } from '../rpc/service.ts';
import { createId } from './create-id.ts';

/**
 * What is mounted at `dest`: a result of this build by default, or a tmpfs if there is no result. One mount must have
 * the destination `/`.
 */
export type ContainerMount =
  | {
      /** Tells mounts apart; absent for a result of the build. */
      readonly type?: undefined;
      /** The path in the container. */
      readonly dest: string;
      /** The result; a tmpfs if absent. */
      readonly ref?: Reference | undefined;
      /** A directory of the result. */
      readonly selector?: string | undefined;
      /** false if absent. */
      readonly readonly?: boolean | undefined;
    }
  | {
      /** A directory that stays between builds. */
      readonly type: 'cache';
      /** The path in the container. */
      readonly dest: string;
      /** Names the cache. */
      readonly id: string;
      /** `shared` if absent. */
      readonly sharing?: CacheSharing | undefined;
      /** The initial content of an empty cache. */
      readonly ref?: Reference | undefined;
      /** A path within the mount's source. */
      readonly selector?: string | undefined;
      /** false if absent. */
      readonly readonly?: boolean | undefined;
    }
  | ({
      /** A secret of the session, as a file. */
      readonly type: 'secret';
      /** The path of the file. */
      readonly dest: string;
    } & SessionMount)
  | ({
      /** An SSH agent of the session, as a socket. */
      readonly type: 'ssh';
      /** The path of the socket. */
      readonly dest: string;
    } & SessionMount);

/** What secrets and SSH agents of the session have in common. */
interface SessionMount {
  /** Names the secret or the agent. */
  readonly id?: string | undefined;
  /** Whether the container starts without it. false if absent. */
  readonly optional?: boolean | undefined;
  /** Owner; 0 if absent. */
  readonly uid?: number | undefined;
  /** Group; 0 if absent. */
  readonly gid?: number | undefined;
  /** Permission bits; 0400 for a secret and 0600 for an agent if absent. */
  readonly mode?: number | undefined;
}

/** Options of a container. */
export interface ContainerOptions {
  /** One of them is the root, at `/`. */
  readonly mounts: readonly ContainerMount[];
  /** `sandbox` if absent. */
  readonly network?: 'sandbox' | 'host' | 'none' | undefined;
  /** The daemon's platform if absent. */
  readonly platform?: Platform | undefined;
  /** Chosen by the daemon if absent. */
  readonly hostname?: string | undefined;
  /** Entries for the container's /etc/hosts. */
  readonly extraHosts?: readonly { readonly host: string; readonly ip: string }[] | undefined;
  /** Filters that the worker must meet. */
  readonly workerConstraints?: readonly string[] | undefined;
}

/** A program to run in a container. */
export interface ExecOptions {
  /** The program and its arguments. */
  readonly args: readonly string[];
  /** `NAME=value` */
  readonly env?: readonly string[] | undefined;
  /** `/` if absent. */
  readonly cwd?: string | undefined;
  /** `USER[:GROUP]`, by name or number; root if absent. */
  readonly user?: string | undefined;
  /** Input of the program; if absent, the program has no stdin. */
  readonly stdin?: Readable | undefined;
  /** Whether it gets a terminal: then all output comes through `stdout`. false if absent. */
  readonly tty?: boolean | undefined;
  /** `insecure` takes the entitlement `security.insecure`. */
  readonly security?: SecurityMode | undefined;
  /** Secrets in the environment. */
  readonly secretEnv?:
    | readonly { readonly id: string; readonly name: string; readonly optional?: boolean | undefined }[]
    | undefined;
}

/**
 * A process in a container. Read its output, or call `resume()` on the stream: like a process that writes to a full
 * pipe, it waits once 16 MiB have not been read.
 */
export interface ContainerProcess {
  /** Its standard output. */
  readonly stdout: PassThrough;
  /** Its standard error. */
  readonly stderr: PassThrough;
  /** The exit code. Rejects when the process could not run. */
  readonly exit: Promise<number>;
  /** Sends a signal to the process. @param name without SIG, as `TERM` */
  signal(name: string): Promise<void>;
  /** Tells its terminal the size of the window. */
  resize(columns: number, rows: number): Promise<void>;
}

/** A container in the daemon, in which programs run. */
export interface Container {
  /** Starts a program. */
  exec(options: ExecOptions): ContainerProcess;
  /** Ends the container and what runs in it. */
  release(): Promise<void>;
}

/** Maximum number of bytes of unread output that are kept for each stream. */
const unreadBytes = 16 << 20;

/** Starts a container through the gateway API of a build, which `metadata` names and whose end `signal` tells. */
export async function createContainer(
  gateway: ServiceClient<typeof LLBBridge>,
  metadata: Readonly<Record<string, string>>,
  options: ContainerOptions,
  signal: AbortSignal,
): Promise<Container> {
  const id = createId();
  const { platform } = options;
  await gateway.newContainer(
    {
      ContainerID: id,
      Mounts: options.mounts.map(toMount),
      Network: networkModes[options.network ?? 'sandbox'],
      hostname: options.hostname ?? '',
      extraHosts: (options.extraHosts ?? []).map(({ host, ip }) => ({ Host: host, IP: ip })),
      ...(options.workerConstraints && { constraints: { filter: [...options.workerConstraints] } }),
      ...(platform && { platform: platformToPb(platform) }),
    },
    { metadata, signal },
  );
  return {
    exec: (exec) => startProcess(gateway.execProcess({ metadata, signal }), id, exec, signal),
    async release() {
      try {
        await gateway.releaseContainer({ ContainerID: id }, { metadata });
      } catch (error) {
        // The exit code of the last process; its own promise has reported it.
        if (!(error instanceof RpcError) || !/^exit code: \d+$/.test(error.status)) throw error;
      }
    },
  };
}

function toMount(mount: ContainerMount): MessageInitShape<typeof MountSchema> {
  const { dest } = mount;
  if (mount.type === 'secret' || mount.type === 'ssh') {
    const { id = mount.type === 'ssh' ? 'default' : '', optional = false, uid = 0, gid = 0 } = mount;
    const { mode = mount.type === 'ssh' ? 0o600 : 0o400 } = mount;
    const options = { ID: id, optional, uid, gid, mode };
    return mount.type === 'ssh'
      ? { dest, mountType: MountType.SSH, SSHOpt: options }
      : { dest, mountType: MountType.SECRET, secretOpt: options };
  }
  const { ref, selector = '', readonly = false } = mount;
  const common = { dest, selector, readonly, resultID: ref?.id ?? '' };
  if (mount.type !== 'cache') return { ...common, mountType: ref ? MountType.BIND : MountType.TMPFS };
  const cacheOpt = { ID: mount.id, sharing: cacheSharings[mount.sharing ?? 'shared'] };
  return { ...common, mountType: MountType.CACHE, cacheOpt };
}

type ExecMethod = (typeof LLBBridge)['method']['execProcess'];

function startProcess(
  call: BidiCall<ExecMethod['input'], ExecMethod['output']>,
  containerId: string,
  options: ExecOptions,
  signal: AbortSignal,
): ContainerProcess {
  const ProcessID = createId();
  const stdout = new PassThrough({ readableHighWaterMark: unreadBytes });
  const stderr = new PassThrough({ readableHighWaterMark: unreadBytes });
  const write = (fd: number, data: Uint8Array, EOF = false) =>
    call.send({ ProcessID, Input: { case: 'File', value: { Fd: fd, Data: data, EOF } } });
  const stdin = new Writable({
    write: (chunk: Buffer, _encoding, done) => void write(0, chunk).then(() => done(), done),
    final: (done) => void write(0, new Uint8Array(0), true).then(() => done(), done),
  });
  stdin.on('error', () => {}); // the process has ended: its exit tells
  options.stdin?.pipe(stdin);

  const run = async (): Promise<number> => {
    await call.send({ ProcessID, Input: { case: 'Init', value: initMessage(containerId, options) } });
    return readOutput(call.messages as AsyncIterable<ExecMessage>, { stdout, stderr }, signal);
  };
  const exit = run().finally(() => {
    options.stdin?.unpipe(stdin);
    stdout.end();
    stderr.end();
    call.end();
  });
  exit.catch(() => {});
  return {
    stdout,
    stderr,
    exit,
    signal: (name) => call.send({ ProcessID, Input: { case: 'Signal', value: { Name: name } } }),
    resize: (Cols, Rows) => call.send({ ProcessID, Input: { case: 'Resize', value: { Cols, Rows } } }),
  };
}

function initMessage(containerId: string, options: ExecOptions): MessageInitShape<typeof InitMessageSchema> {
  const { args, env = [], cwd = '/', user = '', stdin, tty = false, security, secretEnv = [] } = options;
  return {
    ContainerID: containerId,
    Meta: { args: [...args], env: [...env], cwd, user },
    // The daemon waits for the end of a stdin that was announced to it.
    Fds: [...(stdin ? [0] : []), 1, ...(tty ? [] : [2])],
    Tty: tty,
    Security: security === 'insecure' ? PbSecurityMode.INSECURE : PbSecurityMode.SANDBOX,
    secretenv: secretEnv.map(({ id, name, optional = false }) => ({ ID: id, name, optional })),
  };
}

/** Passes the output of a process on until it is done. @returns its exit code */
async function readOutput(
  messages: AsyncIterable<ExecMessage>,
  { stdout, stderr }: { readonly stdout: PassThrough; readonly stderr: PassThrough },
  signal: AbortSignal,
): Promise<number> {
  let exit: number | undefined;
  for await (const message of messages) {
    const { case: kind, value } = message.Input;
    if (kind === 'Done') break;
    if (kind === 'File') {
      const stream = value.Fd === 2 ? stderr : stdout;
      if (value.EOF) stream.end(value.Data);
      else if (!stream.destroyed && !stream.write(value.Data)) await taken(stream, signal);
    } else if (kind === 'Exit') {
      // With an exit code the process has run, even if there is an error.
      if (value.Error && value.Code === 0) throw new RpcError(value.Error.code, value.Error.message);
      exit = value.Code;
    }
  }
  if (exit === undefined) throw new Error('the process ended without an exit code');
  return exit;
}

/** Resolves when a stream takes more, or will never; the reader of the call finds out about the end of the build. */
function taken(stream: PassThrough, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    stream.once('drain', done).once('close', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
