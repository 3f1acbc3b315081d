/** The thread that analyses documents, so that the server answers keystrokes meanwhile. */
import { parentPort } from 'node:worker_threads';
import { formatDockerfile } from '../format/format-dockerfile.ts';
import { errorMessage } from '../text/error-message.ts';
import { type AnalysedGraph, type AnalysisRequest, analyse, graphPage } from './analysis.ts';
import type { Answer, Methods, ThreadQuestion } from './analysis-thread.ts';

const port = parentPort!;
/** The last graph of each document, and its version. */
const graphs = new Map<string, { readonly version: number; readonly graph: AnalysedGraph }>();
/** What ends the questions that are being answered, by their numbers. */
const running = new Map<number, AbortController>();

const graphOf = ({ uri, version }: { readonly uri: string; readonly version: number }) => {
  const found = graphs.get(uri);
  return found?.version === version ? found.graph : undefined;
};

const methods: Methods = {
  async analyse(request: AnalysisRequest, signal) {
    const { result, graph } = await analyse(request, signal);
    graphs.set(request.uri, { version: request.version, graph });
    return result;
  },
  ops: async ({ line, ...of }) => graphOf(of)?.ops().get(line) ?? [],
  amount: async ({ line, ...of }) => (await graphOf(of)?.amounts())?.get(line),
  graphPage,
  format: async (text) => formatDockerfile(text),
};

port.on('message', async (question: ThreadQuestion) => {
  if ('cancel' in question) {
    running.get(question.cancel)?.abort(new Error('cancelled'));
    return;
  }
  if ('forget' in question) {
    graphs.delete(question.forget);
    return;
  }
  const { id, method, params } = question;
  const controller = new AbortController();
  running.set(id, controller);
  let answer: Answer;
  try {
    answer = { id, result: await methods[method](params as never, controller.signal) };
  } catch (error) {
    answer = { id, error: errorMessage(error) };
  }
  running.delete(id);
  port.postMessage(answer);
});
