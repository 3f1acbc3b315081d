/** A Dockerfile with all that is needed to lower it: what builds and subrequests have in common. */

import { parseCheckConfig } from '../check/check-options.ts';
import { createLinter } from '../check/linter.ts';
import { type Diagnostic, describeError, diagnosticError, findDiagnosticError } from '../diagnostic/diagnostic.ts';
import { linesRange } from '../diagnostic/source-file.ts';
import { decodeText } from '../go/text.ts';
import type { Platform } from '../image/platform.ts';
import type { SourceMap } from '../llb/index.ts';
import type { LowerEnvironment } from '../lower/environment.ts';
import { type Lowered, lowerDockerfile } from '../lower/lower.ts';
import { takeTurns } from '../lower/turns.ts';
import type { Dockerfile } from '../parser/ast.ts';
import { parseDirective } from '../parser/directives.ts';
import { explainError, instructionRange } from '../parser/hints/explain-error.ts';
import { parseInTurns } from '../parser/parse.ts';
import { errorMessage } from '../text/error-message.ts';
import type { Bridge } from './bridge.ts';

import type { BuildContext, Entrypoint } from './main-context.ts';
import { findNamedContext } from './named-context.ts';
import type { FrontendOptions } from './options.ts';
import { describeSource, type SourceDescription, sourceFile } from './source-info.ts';
import { sourceDateEpoch } from './source-time.ts';

interface LowerRequest {
  readonly platform?: Platform | undefined;
  readonly warn?: ((finding: Diagnostic) => void) | undefined;
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
    if (turns.isDue()) await turns.pass();
  };
  const parse = () => (parsed ??= parseInTurns(text, entrypoint.filename, passIfDue));

  return {
    source,
    parse,
    async lower({ platform, warn, allStages = false }) {
      if (text === '')
        throw diagnosticError('empty-dockerfile', 'the Dockerfile cannot be empty', {
          hint: 'A Dockerfile begins with FROM.',
        });
      const dockerfile = await parse();
      const linter = createLinter(options.checkConfig ?? checkConfigOf(source), warn, dockerfile.source);
      return lowerDockerfile(
        dockerfile,
        {
          ...options,
          targetPlatform: platform,
          devices: [],
          llbCapabilities: bridge.options.llbCapabilities,
          sourceMap,
          allStages,
        },
        environment,
        linter,
      ).catch((error: unknown) => {
        throw explained(error, dockerfile);
      });
    },
  };
}

/**
 * Adds a hint to an error if its instruction has misleading characters, or words that were probably split by mistake.
 */
function explained(error: unknown, { source, instructions, diagnostics }: Dockerfile): unknown {
  const [first] = findDiagnosticError(error)?.diagnostics ?? [];
  if (!first || first.hint !== undefined || diagnostics.some(({ severity }) => severity === 'error')) return error;
  const lines = first.lines.find((it) => it !== undefined);
  const instruction = instructions.find((it) => it.lines.start === lines?.start);
  if (!instruction) return error;
  const hint = explainError(source, instructionRange(source, instruction), first.message);
  return hint === undefined ? error : describeError(error, 'build', { hint });
}

function checkConfigOf(source: SourceDescription) {
  const file = sourceFile(source);
  const directive = parseDirective('check', file.text);
  try {
    return parseCheckConfig(directive?.value ?? '');
  } catch (cause) {
    const range = directive && linesRange(file, directive.lines);
    throw diagnosticError('bad-check-options', `failed to parse check options: ${errorMessage(cause)}`, {
      range,
      cause,
    });
  }
}
