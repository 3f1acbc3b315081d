/** Compiles the text of a Dockerfile to all that the playground shows. */
import { formatImageConfig } from '../../src/daemonless/compiled-file.ts';
import { type Diagnostic, describeError, hasErrors } from '../../src/diagnostic/diagnostic.ts';
import { linesRange, type SourceFile } from '../../src/diagnostic/source-file.ts';
import { buildArgsOf } from '../../src/gateway/options.ts';
import { runFrontend } from '../../src/gateway/run-frontend.ts';
import { sourceFile } from '../../src/gateway/source-info.ts';
import { buildGraph } from '../../src/graph/build-graph.ts';
import type { BuildGraph } from '../../src/graph/graph-model.ts';
import { findAdvice } from '../../src/lint/advice.ts';
import { formatTree } from '../../src/llb/tree.ts';
import { parseDockerfile } from '../../src/parser/parse.ts';
import { errorMessage } from '../../src/text/error-message.ts';
import { redactCredentials } from '../../src/text/redact.ts';
import { createBridge } from './bridge.ts';

/** A problem of the text; offsets count UTF-16 code units. */
export interface Finding {
  readonly from: number;
  readonly to: number;
  readonly line: number;
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** What a text compiles to. */
export interface PlaygroundResult {
  readonly findings: readonly Finding[];
  /** Base images that are treated as empty ones. */
  readonly unknownImages: readonly string[];
  /** undefined if the text does not compile. */
  readonly built: { readonly graph: BuildGraph; readonly tree: string; readonly imageConfig: string } | undefined;
}

/** Compiles; never throws. */
export async function compileText(text: string, opts: Readonly<Record<string, string>>): Promise<PlaygroundResult> {
  const unknown = new Set<string>();
  const findings = await findProblems(text, opts, unknown);
  const isBroken = hasErrors(findings);
  const built = isBroken ? undefined : await build(text, opts, unknown).catch((error) => error as Error);
  if (!(built instanceof Error)) return { findings, unknownImages: [...unknown], built };
  return { findings: [...findings, withoutPlace(built)], unknownImages: [...unknown], built: undefined };
}

async function findProblems(
  text: string,
  opts: Readonly<Record<string, string>>,
  unknown: Set<string>,
): Promise<Finding[]> {
  try {
    const { linted } = await runFrontend(createBridge(text, { ...opts, requestid: 'frontend.lint' }, unknown), {
      otherFrontends: 'cannot',
    });
    if (!linted) return [];
    const source = sourceFile(linted.source);
    // An image that is not known may set any variable.
    const found = linted.findings.filter(({ code }) => unknown.size === 0 || code !== 'UndefinedVar');
    const { failure } = linted;
    const failures = failure === undefined ? [] : describeError(failure, 'build').diagnostics;
    const advice = findAdvice(parseDockerfile(source.text));
    return [...failures, ...found, ...advice].map((it) => toFinding(it, source)).sort((a, b) => a.from - b.from);
  } catch (error) {
    return [withoutPlace(error)];
  }
}

async function build(text: string, opts: Readonly<Record<string, string>>, unknown: Set<string>) {
  const bridge = createBridge(text, opts, unknown);
  const { ref, refs, metadata } = await runFrontend(bridge, { otherFrontends: 'cannot' });
  const definitions = refs
    ? new Map([...refs].map(([platform, { id }]) => [platform, bridge.definition(id)] as const))
    : new Map([['', bridge.definition(ref?.id)]]);
  const trees = [...definitions].map(([platform, definition]) =>
    refs ? `${platform}\n${formatTree(definition)}` : formatTree(definition),
  );
  const configs = [...metadata].filter(([key]) => /^containerimage\.config(\/|$)/.test(key));
  return {
    graph: buildGraph({ definitions, metadata, buildArgs: Object.fromEntries(buildArgsOf(opts)) }),
    tree: redactCredentials(trees.join('\n')),
    imageConfig: redactCredentials(configs.map(([, config]) => formatImageConfig(config)).join('\n')),
  };
}

function toFinding({ range, lines, severity, code, message, hint = '' }: Diagnostic, source: SourceFile): Finding {
  const [first] = lines;
  const { start, end } = range ?? (first ? linesRange(source, first) : { start: 0, end: 0 });
  const from = Math.min(start, source.text.length);
  return {
    from,
    to: Math.min(Math.max(from, end), source.text.length),
    line: source.text.slice(0, from).split('\n').length,
    severity,
    code,
    message: redactCredentials(message),
    hint: redactCredentials(hint),
  };
}

function withoutPlace(error: unknown): Finding {
  return {
    from: 0,
    to: 0,
    line: 1,
    severity: 'error',
    code: 'build',
    message: redactCredentials(errorMessage(error)),
    hint: '',
  };
}
