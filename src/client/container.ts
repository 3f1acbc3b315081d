/** Containers of a build: run programs on its results and look at their files. */
import { PassThrough, Writable } from 'node:stream';
import type { Reference } from '../gateway/bridge.ts';
import type { ExecMessage, LLBBridge } from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { MountType, NetMode } from '../gen/pb/ops_pb.ts';
import type { Platform } from '../image/platform.ts';
import type { BidiCall, ServiceClient } from '../rpc/service.ts';
import { RpcError } from '../rpc/status.ts';
import { createId } from './connect.ts';

export interface ContainerMount {
  /** Where it is in the container; one has to be `/`. */
  readonly dest: string;
  /** A result of this build; without one, a tmpfs. */
  readonly ref?: Reference | undefined;
  /** A folder of the result. */
  readonly selector?: string | undefined;
  readonly readonly?: boolean | undefined;
}

export interface ContainerOptions {
  readonly mounts: readonly ContainerMount[];
  readonly network?: 'sandbox' | 'host' | 'none' | undefined;
  readonly platform?: Platform | undefined;
  readonly hostname?: string | undefined;
  readonly extraHosts?: readonly { readonly host: string; readonly ip: string }[] | undefined;
}

export interface ExecOptions {
  readonly args: readonly string[];
  /** `NAME=value` */
  readonly env?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  readonly user?: string | undefined;
  readonly tty?: boolean | undefined;
}

/** A process in a container. */
export interface ContainerProcess {
  readonly stdin: Writable;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  /** The exit code. Rejects when the process could not run. */
  readonly exit: Promise<number>;
  /** @param name without SIG, as `TERM` */
  signal(name: string): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
}

export interface Container {
  exec(options: ExecOptions): ContainerProcess;
  /** Ends the container and what runs in it. */
  release(): Promise<void>;
}

const networks = { sandbox: NetMode.UNSET, host: NetMode.HOST, none: NetMode.NONE };

/** Starts a container through the gateway API of a build, which `metadata` names. */
export async function createContainer(
  gateway: ServiceClient<typeof LLBBridge>,
  metadata: Readonly<Record<string, string>>,
  options: ContainerOptions,
): Promise<Container> {
  const id = createId();
  const { platform } = options;
  await gateway.newContainer(
    {
      ContainerID: id,
      Mounts: options.mounts.map(({ dest, ref, selector = '', readonly = false }) => ({
        dest,
        selector,
        readonly,
        resultID: ref?.id ?? '',
        mountType: ref ? MountType.BIND : MountType.TMPFS,
      })),
      Network: networks[options.network ?? 'sandbox'],
      hostname: options.hostname ?? '',
      extraHosts: (options.extraHosts ?? []).map(({ host, ip }) => ({ Host: host, IP: ip })),
      ...(platform && {
        platform: {
          OS: platform.os,
          Architecture: platform.architecture,
          Variant: platform.variant,
          OSVersion: platform.osVersion,
          OSFeatures: [...platform.osFeatures],
        },
      }),
    },
    { metadata },
  );
  return {
    exec: (exec) => startProcess(gateway.execProcess({ metadata }), id, exec),
    async release() {
      try {
        await gateway.releaseContainer({ ContainerID: id }, { metadata });
      } catch (error) {
        // the last process's exit code, which its own promise has told
        if (!(error instanceof RpcError) || !/^exit code: \d+$/.test(error.status)) throw error;
      }
    },
  };
}

type ExecMethod = (typeof LLBBridge)['method']['execProcess'];

function startProcess(
  call: BidiCall<ExecMethod['input'], ExecMethod['output']>,
  containerId: string,
  options: ExecOptions,
): ContainerProcess {
  const ProcessID = createId();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const write = (fd: number, data: Uint8Array, EOF = false) =>
    call.send({ ProcessID, Input: { case: 'File', value: { Fd: fd, Data: data, EOF } } });
  const stdin = new Writable({
    write: (chunk: Buffer, _encoding, done) => void write(0, chunk).then(() => done(), done),
    final: (done) => void write(0, new Uint8Array(0), true).then(() => done(), done),
  });
  stdin.on('error', () => {}); // the process has ended: its exit tells

  const run = async (): Promise<number> => {
    await call.send({
      ProcessID,
      Input: {
        case: 'Init',
        value: {
          ContainerID: containerId,
          Meta: {
            args: [...options.args],
            env: [...(options.env ?? [])],
            cwd: options.cwd ?? '/',
            user: options.user ?? '',
          },
          Fds: options.tty ? [0, 1] : [0, 1, 2],
          Tty: options.tty ?? false,
        },
      },
    });
    let exit: number | undefined;
    for await (const message of call.messages as AsyncIterable<ExecMessage>) {
      const { case: kind, value } = message.Input;
      if (kind === 'File') {
        const stream = value.Fd === 2 ? stderr : stdout;
        if (value.EOF) stream.end(value.Data);
        else stream.write(value.Data);
      } else if (kind === 'Exit') {
        // a code means that it ran, whatever the error says of it
        if (value.Error && value.Code === 0) throw new RpcError(value.Error.code, value.Error.message);
        exit = value.Code;
      } else if (kind === 'Done') {
        break;
      }
    }
    if (exit === undefined) throw new Error('the process ended without an exit code');
    return exit;
  };
  const exit = run().finally(() => {
    stdout.end();
    stderr.end();
    call.end();
  });
  exit.catch(() => {});
  return {
    stdin,
    stdout,
    stderr,
    exit,
    signal: (name) => call.send({ ProcessID, Input: { case: 'Signal', value: { Name: name } } }),
    resize: (Cols, Rows) => call.send({ ProcessID, Input: { case: 'Resize', value: { Cols, Rows } } }),
  };
}
