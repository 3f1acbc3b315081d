/** Hands a build over to another frontend, as `# syntax=` or the BUILDKIT_SYNTAX build argument ask for. */

import { decodeText } from '../go/text.ts';
import { trimSpace } from '../go/unicode.ts';
import type { Definition } from '../llb/definition.ts';
import { detectSyntax } from '../parser/directives.ts';
import type { Bridge, Result } from './bridge.ts';
import type { Entrypoint } from './context.ts';
import { hasSources, SourceError, wrapError } from './errors.ts';
import type { FrontendOptions } from './options.ts';
import { describeSource } from './source-info.ts';

const syntaxArg = 'build-arg:BUILDKIT_SYNTAX';

/** The other frontend's result; undefined when the build is ours. */
export async function forward(
  bridge: Bridge,
  { opts }: FrontendOptions,
  entrypoint: Entrypoint,
): Promise<Result | undefined> {
  // Another frontend has passed the build on already.
  if (opts['cmdline'] !== undefined) return undefined;
  const argument = opts[syntaxArg];
  if (argument !== undefined) {
    const source = trimSpace(argument).split(' ', 1)[0]!;
    return solve(bridge, opts, source, argument).catch((error) => {
      throw hasSources(error) ? error : wrapError(error, `failed with ${syntaxArg} = ${argument}`);
    });
  }
  const syntax = detectSyntax(decodeText(entrypoint.data));
  if (!syntax) return undefined;
  return solve(bridge, opts, syntax.value, syntax.cmdline).catch((error) => {
    throw hasSources(error) ? error : new SourceError(error, describeSource(entrypoint), [syntax.lines]);
  });
}

async function solve(bridge: Bridge, opts: FrontendOptions['opts'], source: string, cmdline: string): Promise<Result> {
  const inputs = bridge.options.frontendCaps.supports('frontend.inputs')
    ? await bridge.inputs().catch((error) => {
        throw wrapError(error, 'failed to get frontend inputs');
      })
    : new Map();
  const frontendInputs: Record<string, Definition> = Object.create(null);
  for (const [name, state] of inputs) frontendInputs[name] = state.marshal();
  return bridge.solve({ frontend: 'gateway.v0', frontendOpt: { ...opts, cmdline, source }, frontendInputs });
}
