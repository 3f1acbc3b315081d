/** The arguments in scope before the first FROM: the predefined ones and the global ARG instructions. */
import { describeError, withLocation } from '../diagnostic/diagnostic.ts';
import { equalFold } from '../go/unicode.ts';
import { formatPlatform, formatShortPlatform } from '../image/platform.ts';
import type { EnvList } from '../llb/env-list.ts';
import { type ProxyEnv, scratch } from '../llb/index.ts';
import type { ArgInstruction } from '../parser/ast.ts';
import type { ShellLex } from '../parser/words.ts';
import type { BuildPlatforms } from './build-platforms.ts';
import { Doubts } from './doubts.ts';
import type { PastErrors } from './environment.ts';
import { missingArgHint } from './expand.ts';
import type { ArgInfo } from './outline-capture.ts';

/**
 * The predefined arguments about platforms and the target; build arguments of the same name win.
 *
 * @param target name of the target stage, '' if it has none
 */
export function predefinedArgs(
  { build: [build], target: targetPlatform }: BuildPlatforms,
  buildArgs: ReadonlyMap<string, string>,
  target: string,
): EnvList {
  const predefined: [string, string][] = [
    ['BUILDPLATFORM', formatShortPlatform(build!)],
    ['BUILDOS', build!.os],
    ['BUILDOSVERSION', build!.osVersion],
    ['BUILDARCH', build!.architecture],
    ['BUILDVARIANT', build!.variant],
    ['TARGETPLATFORM', formatPlatform(targetPlatform)],
    ['TARGETOS', targetPlatform.os],
    ['TARGETOSVERSION', targetPlatform.osVersion],
    ['TARGETARCH', targetPlatform.architecture],
    ['TARGETVARIANT', targetPlatform.variant],
    ['TARGETSTAGE', target === '' ? 'default' : target],
  ];
  return predefined.reduce((env, [key, value]) => env.addOrReplace(key, buildArgs.get(key) ?? value), scratch().env());
}

/** The arguments in scope before the first FROM. */
export interface GlobalArgs {
  /** Their values. */
  readonly env: EnvList;
  /** The declarations, by name. */
  readonly infos: ReadonlyMap<string, ArgInfo>;
  /** The arguments whose values are not known, because of errors. */
  readonly doubts: Doubts;
}

/**
 * Evaluates the ARG instructions before the first FROM. The value is the build argument, else the default, which sees
 * the arguments before it.
 *
 * @param pastErrors takes the errors; without it, the first one is thrown
 */
export function globalArgs(
  predefined: EnvList,
  instructions: readonly ArgInstruction[],
  buildArgs: ReadonlyMap<string, string>,
  lex: ShellLex,
  pastErrors?: PastErrors,
): GlobalArgs {
  let env = predefined;
  const infos = new Map<string, ArgInfo>();
  const doubts = new Doubts();
  for (const instruction of instructions) {
    const { args, lines } = instruction;
    const isStandIn = pastErrors?.standIns.has(instruction) === true;
    if (isStandIn) doubts.addNames(args.map(({ key }) => key));
    for (const { key, value: expression, docComment, range } of args) {
      let value = buildArgs.get(key);
      let dependencies: ReadonlySet<string> = new Set();
      const isGiven = value !== undefined;
      let isKnown = isGiven || !isStandIn;
      if (!isGiven && expression !== undefined) {
        if (doubts.isIn(expression)) isKnown = false;
        try {
          const { result, matched } = lex.processWord(expression, env);
          value = result;
          dependencies = replaceSelfReference(key, matched, infos.get(key));
        } catch (error) {
          const hint = missingArgHint(error);
          const located = withLocation(describeError(error, 'bad-substitution', { range, hint }), lines);
          if (!pastErrors) throw located;
          if (isKnown) pastErrors.onError(located);
          isKnown = false;
        }
      }
      doubts.setKnown(key, isKnown);
      if (value !== undefined) env = env.addOrReplace(key, value);
      infos.set(key, { name: key, description: docComment, value: value ?? '', lines, dependencies });
    }
  }
  return { env, infos, doubts };
}

/** The dependencies of an argument that uses its own former value: those of that value take its place. */
function replaceSelfReference(
  key: string,
  used: ReadonlySet<string>,
  before: ArgInfo | undefined,
): ReadonlySet<string> {
  if (!used.has(key)) return used;
  const others = new Set([...used, ...(before?.dependencies ?? [])]);
  others.delete(key);
  return others;
}

const proxyKeys: Readonly<Record<string, keyof ProxyEnv>> = {
  http_proxy: 'httpProxy',
  https_proxy: 'httpsProxy',
  ftp_proxy: 'ftpProxy',
  no_proxy: 'noProxy',
  all_proxy: 'allProxy',
};

/** The proxy settings among the build arguments, in any casing; the last of several spellings in byte order counts. */
export function proxyEnv(buildArgs: ReadonlyMap<string, string>): ProxyEnv | undefined {
  const proxy: { -readonly [K in keyof ProxyEnv]: string } = {};
  for (const key of [...buildArgs.keys()].sort()) {
    for (const [name, field] of Object.entries(proxyKeys)) if (equalFold(key, name)) proxy[field] = buildArgs.get(key)!;
  }
  return Object.keys(proxy).length > 0 ? proxy : undefined;
}
