/** The script of the page: plays builds with answers that a daemon has given, and shows what the frontend asked for. */
import { toStatus } from '../../src/gateway/error-status.ts';
import { createGrpcBridge } from '../../src/gateway/grpc-bridge.ts';
import { readEnvironment } from '../../src/gateway/read-environment.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { RpcError } from '../../src/rpc/rpc-error.ts';

/** A call of a frontend, and what the daemon answered: messages in base64. */
export interface Call {
  readonly method: string;
  readonly request: string;
  readonly answer?: string;
  readonly error?: { readonly code: number; readonly message: string };
}

export interface PageBuild {
  readonly environment: Readonly<Record<string, string>>;
  readonly calls: readonly Call[];
}

declare const builds: readonly PageBuild[];
declare const show: (text: string) => void;
declare const atob: (base64: string) => string;
declare const btoa: (text: string) => string;

const toBytes = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const toBase64 = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/** Returns the calls of a build: its own requests, in their order. */
async function play({ environment, calls }: PageBuild): Promise<Pick<Call, 'method' | 'request'>[]> {
  const made: Pick<Call, 'method' | 'request'>[] = [];
  const left = [...calls];
  const transport = {
    async unary(path: string, bytes: Uint8Array) {
      const method = path.split('/').at(-1)!;
      const request = toBase64(bytes);
      made.push({ method, request });
      await undefined; // answers never come before the call returns
      // Calls at the same time have no order, and some have random ids.
      const same = left.findIndex((call) => call.method === method && call.request === request);
      const at = same < 0 ? left.findIndex((call) => call.method === method) : same;
      const [known] = at < 0 ? [] : left.splice(at, 1);
      if (!known) throw new Error(`a frontend on Node does not call ${method} here`);
      if (known.error) throw new RpcError(known.error.code, known.error.message);
      return toBytes(known.answer!);
    },
    close() {},
  };
  const bridge = await createGrpcBridge(transport, readEnvironment(environment));
  try {
    await bridge.return(await runFrontend(bridge));
  } catch (error) {
    await bridge.return({ error: toStatus(error) });
  }
  return made;
}

void Promise.all(builds.map((build) => play(build).catch((error: Error) => `${error.stack}`))).then((played) =>
  show(JSON.stringify(played)),
);
