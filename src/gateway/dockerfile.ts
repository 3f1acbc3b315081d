/** A Dockerfile with all that is needed to lower it: what builds and subrequests have in common. */
import { parseCheckConfig } from '../check/config.ts';
import { createLinter, type Finding } from '../check/linter.ts';
import { decodeText } from '../go/text.ts';
import type { Platform } from '../image/platform.ts';
import type { SourceMap } from '../llb/options.ts';
import type { LowerEnvironment } from '../lower/environment.ts';
import { ExplainedError, explainedError } from '../lower/errors.ts';
import { type Lowered, lowerDockerfile } from '../lower/lower.ts';
import { takeTurns } from '../lower/turns.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { locatedError } from '../parser/diagnostic.ts';
import { parseDirective } from '../parser/directives.ts';
import { explainError, instructionText } from '../parser/explain-error.ts';
import { parseInTurns } from '../parser/parse.ts';
import { linesRange } from '../parser/source.ts';
import type { Bridge } from './bridge.ts';
import type { BuildContext, Entrypoint } from './context.ts';
import { sourceDateEpoch } from './epoch.ts';
import { messageOf } from './errors.ts';
import { findNamedContext } from './named-context.ts';
import type { FrontendOptions } from './options.ts';
import { describeSource, type SourceDescription, sourceFile } from './source-info.ts';

export interface LowerRequest {
  readonly platform?: Platform | undefined;
  readonly warn?: ((finding: Finding) => void) | undefined;
  readonly allStages?: boolean | undefined;
}

export interface DockerfileSource {
  readonly source: SourceDescription;
  /** Parses, once. Does not throw: problems are in the result. */
  parse(): Promise<Dockerfile>;
  /** Lowers for a platform; throws the first error of the file. */
  lower(request: LowerRequest): Promise<Lowered>;
}

/** Binds a Dockerfile that was read to the build it is for. */
export function createDockerfile(
  bridge: Bridge,
  options: FrontendOptions,
  context: BuildContext,
  entrypoint: Entrypoint,
): DockerfileSource {
  const source = describeSource(entrypoint);
  const sourceMap: SourceMap = source;
  const text = decodeText(entrypoint.data);
  const environment: LowerEnvironment = {
    signal: bridge.signal,
    resolveImageConfig: (ref, request) => bridge.resolveImageConfig(ref, request),
    namedContext: (name, request) => findNamedContext(bridge, options, name, request),
    dockerIgnorePatterns: () => context.ignorePatterns(),
    mainContext: (followPaths) => context.main(followPaths),
    sourceDateEpoch: (state, logName) => sourceDateEpoch(bridge, state, logName),
  };
  let parsed: Promise<Dockerfile> | undefined;
  const turns = takeTurns(bridge.signal);
  const passIfDue = async () => {
    if (turns.due()) await turns.pass();
  };
  const parse = () => (parsed ??= parseInTurns(text, entrypoint.filename, passIfDue));

  return {
    source,
    parse,
    async lower({ platform, warn, allStages = false }) {
      if (text === '')
        throw new ExplainedError('the Dockerfile cannot be empty', { hint: 'A Dockerfile begins with FROM.' });
      const dockerfile = await parse();
      const linter = createLinter(options.checkConfig ?? checkConfigOf(source), warn);
      return lowerDockerfile(
        dockerfile,
        {
          ...options,
          targetPlatform: platform,
          devices: [],
          llbCaps: bridge.options.llbCaps,
          sourceMap,
          allStages,
        },
        environment,
        linter,
      ).catch((error: unknown) => {
        explain(error, dockerfile);
        throw error;
      });
    },
  };
}

/** Adds a hint to an error whose instruction has characters that mislead, or words that are cut where nobody wants it. */
function explain(error: unknown, { source, instructions, diagnostics }: Dockerfile): void {
  const located = locatedError(error);
  if (!located || located.hint !== undefined || diagnostics.some(({ severity }) => severity === 'error')) return;
  const lines = located.locations.find((it) => it !== undefined);
  const instruction = instructions.find((it) => it.lines.start === lines?.start);
  if (!instruction) return;
  const hint = explainError(source, instructionText(source, instruction), located.message);
  if (hint !== undefined && explainedError(error)?.hint === undefined) located.hint = hint;
}

function checkConfigOf(source: SourceDescription) {
  const file = sourceFile(source);
  const directive = parseDirective('check', file.text);
  try {
    return parseCheckConfig(directive?.value ?? '');
  } catch (cause) {
    const range = directive && linesRange(file, directive.lines);
    throw new ExplainedError(`failed to parse check options: ${messageOf(cause)}`, { range, cause });
  }
}
