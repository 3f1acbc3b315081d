/** Plays a golden case against our frontend within this process: the real bridge on a transport that is a function call. */
import { toStatus } from '../../src/gateway/errors.ts';
import { runFrontend } from '../../src/gateway/frontend.ts';
import { createGrpcBridge } from '../../src/gateway/grpc-bridge.ts';
import { readEnvironment } from '../../src/gateway/stdio.ts';
import { RpcError } from '../../src/rpc/status.ts';
import type { UnaryTransport } from '../../src/rpc/unary.ts';
import type { GoldenCase } from './cases.ts';
import { createDaemon, environmentOf } from './lib/daemon.mjs';

/** The record of a run, as the reference's is kept. */
export async function play(goldenCase: GoldenCase): Promise<Readonly<Record<string, unknown>>> {
  const daemon = createDaemon(goldenCase);
  const transport: UnaryTransport = {
    async unary(method, request) {
      await undefined; // answers never come before the call returns
      try {
        return daemon.call(method.split('/').at(-1), request);
      } catch (error) {
        const { code = 13, message, details = [] } = error as { code?: number; message: string; details?: Detail[] };
        throw new RpcError(code, message, details.map(({ type_url, value }) => ({ typeUrl: type_url, value })));
      }
    },
    close() {},
  };
  const bridge = await createGrpcBridge(transport, readEnvironment(environmentOf(goldenCase)));
  try {
    await bridge.return(await runFrontend(bridge));
  } catch (error) {
    await bridge.return({ error: toStatus(error) });
  }
  return daemon.record;
}

interface Detail {
  readonly type_url: string;
  readonly value: Uint8Array;
}
