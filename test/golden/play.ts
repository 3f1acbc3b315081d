/**
 * Plays a golden case against our frontend within this process: the real bridge on a transport that is a function call.
 */
import { toStatus } from '../../src/gateway/error-status.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { createGrpcBridge } from '../../src/gateway/grpc-bridge.ts';
import { readEnvironment } from '../../src/gateway/read-environment.ts';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import type { UnaryTransport } from '../../src/rpc/unary.ts';
import type { GoldenCase } from './cases.ts';
import { createDaemon, environmentOf } from './lib/daemon.mjs';

/** What a daemon answers: a message, or an error. */
type Answer = Uint8Array | RpcError;

/**
 * The record of a run, as the reference's is kept.
 * @param onCall told each call and its answer
 */
export async function play(
  goldenCase: GoldenCase,
  onCall: (method: string, request: Uint8Array, answer: Answer) => void = () => {},
): Promise<Readonly<Record<string, unknown>>> {
  const daemon = createDaemon(goldenCase);
  const transport: UnaryTransport = {
    async unary(path, request) {
      await undefined; // answers never come before the call returns
      const method = path.split('/').at(-1)!;
      const answer = answerOf(() => daemon.call(method, request));
      onCall(method, request, answer);
      if (answer instanceof RpcError) throw answer;
      return answer;
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

function answerOf(call: () => Uint8Array): Answer {
  try {
    return call();
  } catch (error) {
    const { code = 13, message, details = [] } = error as { code?: number; message: string; details?: Detail[] };
    return new RpcError(code, message, details.map(({ type_url, value }) => ({ typeUrl: type_url, value })));
  }
}

interface Detail {
  readonly type_url: string;
  readonly value: Uint8Array;
}
