/** Compiles in a thread, so that typing never waits. */
import { compileText } from './compile.ts';

/** A text to compile. */
export interface WorkerRequest {
  readonly id: number;
  readonly text: string;
  readonly opts: Readonly<Record<string, string>>;
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(message: unknown): void;
};

scope.onmessage = ({ data: { id, text, opts } }) => {
  void compileText(text, opts).then((result) => scope.postMessage({ id, ...result }));
};
