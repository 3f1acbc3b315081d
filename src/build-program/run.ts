/** Runs a build program: its targets are its exports. */
import { confine } from './confine.ts';
import { logTo } from './console.ts';
import { Context } from './context.ts';
import { isInBuild, listen, send } from './frontend.ts';
import { graphOf, type Node, stageName } from './graph.ts';
import { callers, placesIn } from './place.ts';
import type { FailureJson, GraphJson, RunMessage } from './protocol.ts';
import {
  argumentOptions,
  begin,
  declaredArguments,
  knownArguments,
  missingArguments,
  missingArgumentsError,
  placeholder,
} from './settings.ts';
import { nodeOf } from './source.ts';
import { Stage } from './stage.ts';
import { describe } from './text.ts';

/** An export that can be built. */
interface ExportedTarget {
  /** The name of the export, of the function that is the default export, or the key in an exported table. */
  readonly name: string;
  /** The export that it comes from. */
  readonly exported: string;
  readonly isDefault: boolean;
  readonly value: unknown;
}

/** In a build, waits for the frontend to give a program. Elsewhere, such as in a test, it does nothing. */
export function startListening(): void {
  if (!isInBuild) return;
  confine();
  listen((message) => {
    logTo((text) => send({ type: 'log', text, places: callers() }));
    run(message).catch(async (error) => {
      // What a build does with a placeholder may fail, too.
      const problem = message.inspects ? error : (missingArgumentsFailure() ?? error);
      send({ type: 'failed', ...(await failure(problem, message)) });
    });
  });
}

async function run(message: RunMessage): Promise<void> {
  begin(message);
  const targets = targetsOf(await import(message.module), message.exports);
  if (!message.inspects) refuseMissingArguments();
  // All targets can be listed and checked where none is the default; the last one is the result then.
  const isAnyWanted = message.all && message.target === '' && targets.length > 0;
  const chosen = isAnyWanted ? targets.find(({ isDefault }) => isDefault) : chooseTarget(targets, message.target);
  const others = message.all ? targets.filter((target) => target !== chosen) : [];
  const roots: { name: string; node: Node; target: ExportedTarget }[] = [];
  const failures: FailureJson[] = [];
  let problem: unknown;
  for (const target of [...others, ...(chosen ? [chosen] : [])])
    try {
      roots.push({ ...(await buildTarget(target)), target });
    } catch (error) {
      if (message.inspects) failures.push(await failure(error, message));
      else if (target === chosen) throw error;
      problem ??= error;
    }
  if (!message.inspects) refuseMissingArguments();
  if (roots.length === 0 && !message.inspects) throw problem;
  refuseUnknownArguments(message.args);
  const { graph, stageOf } = roots.length === 0 ? nothing : graphOf(roots as [(typeof roots)[number]]);
  const stages = new Map(roots.map(({ target, node }) => [target, stageOf(node)]));
  const hint = placeholderHint();
  send({
    type: 'result',
    graph,
    targets: targets.map((target) => {
      const stage = stages.get(target);
      const { name, exported, isDefault } = target;
      return { name, exported, isDefault, ...(stage !== undefined && { stage }) };
    }),
    arguments: declaredArguments(),
    failures,
    ...(hint !== undefined && { hint }),
  });
}

/** The graph where all targets have failed. */
const nothing: { readonly graph: GraphJson; readonly stageOf: (node: Node) => string } = {
  graph: { stages: [], sources: {}, target: '' },
  stageOf: () => '',
};

function refuseMissingArguments(): void {
  const error = missingArgumentsFailure();
  if (error) throw error;
}

/** The error about required arguments that the build does not give, with a hint; undefined if it gives all. */
function missingArgumentsFailure(): Error | undefined {
  const error = missingArgumentsError();
  const names = missingArguments();
  return error && withHint(error, `Give ${names.length === 1 ? 'it' : 'them'} with ${argumentOptions(names)}.`);
}

/** Says that what failed may be due to arguments that were not given; undefined if all were. */
function placeholderHint(): string | undefined {
  const names = missingArguments();
  if (names.length === 0) return undefined;
  return `This may come from a placeholder such as ${describe(placeholder)}, because ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} required and not given: add ${argumentOptions(names)}.`;
}

const canBeBuilt = (value: unknown) => typeof value === 'function' || nodeOf(value) !== undefined;

/** Functions with parameters and classes are there for other modules: targets are called without arguments. */
const isHelper = (value: unknown) =>
  typeof value === 'function' &&
  (value.length > 0 || Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false);

/**
 * Functions, stages, and tables of those: so the targets of a program can follow from what it reads.
 * @param order names of exports; those of `export *` are not among them and come last
 */
function targetsOf(module: Readonly<Record<string, unknown>>, order: readonly string[]): ExportedTarget[] {
  const names = new Set([...order.filter((name) => Object.hasOwn(module, name)), ...Object.keys(module)]);
  const exportedTargets = [...names].flatMap((exported): ExportedTarget[] => {
    const value = module[exported];
    const isDefault = exported === 'default';
    if (isHelper(value) && !isDefault) return [];
    if (canBeBuilt(value)) {
      const name = isDefault && typeof value === 'function' && value.name !== '' ? value.name : exported;
      return [{ name, exported, isDefault, value }];
    }
    if (!isTable(value)) return [];
    const members = Object.entries(value).filter(([, it]) => !isHelper(it));
    return members.map(([name, it]) => ({ name, exported, isDefault: false, value: it }));
  });
  // What is exported twice, by its name and as the default, is one target.
  const targets = exportedTargets.filter(
    (target) => target.isDefault || !exportedTargets.some((other) => other.isDefault && other.value === target.value),
  );
  const seen = new Set<string>();
  for (const { name } of targets) {
    if (seen.has(name)) throw new TypeError(`two targets have the name ${describe(name)}`);
    seen.add(name);
  }
  return targets.length === 1 ? [{ ...targets[0]!, isDefault: true }] : targets;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(canBeBuilt);
}

function chooseTarget(targets: readonly ExportedTarget[], name: string): ExportedTarget {
  const names = targets.map((target) => target.name);
  if (name === '') {
    const target = targets.find(({ isDefault }) => isDefault);
    if (target) return target;
    throw withHint(
      new Error('the program has no default target'),
      targets.length === 0
        ? 'Export a function that returns a stage: export default () => image(…)…'
        : `Choose one with \`target\`, or make one the default export. The targets are ${names.join(', ')}.`,
    );
  }
  const target =
    targets.find((target) => target.name === name) ??
    targets.find((target) => target.isDefault && name === 'default') ??
    targets.find((target) => target.name.toLowerCase() === name.toLowerCase()) ??
    targets.find((target) => stageName(target.name) === name.toLowerCase()); // as the names of steps have it
  if (target) return target;
  throw withHint(
    new Error(`target ${describe(name)} could not be found`),
    names.length > 0 ? `The targets are ${names.join(', ')}.` : 'The program exports no function and no stage.',
  );
}

async function buildTarget({ name, exported, value }: ExportedTarget): Promise<{ name: string; node: Node }> {
  const stage = await (typeof value === 'function' ? value() : value);
  const node = nodeOf(stage);
  if (!node) {
    const error = new TypeError(`the target ${name} must return a stage, not ${describe(stage)}`);
    aboutExports.set(error, exported);
    throw stage === undefined ? withHint(error, 'Did you forget to return the stage?') : error;
  }
  return { name, node };
}

/** Arguments that every build may be given: those that Dockerfiles need not declare, either. */
const predefined =
  /^(?:(?:HTTP|HTTPS|FTP|NO|ALL)_PROXY|BUILDKIT_\w+|TSFRONT_\w+|SOURCE_DATE_EPOCH|(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)|TARGETSTAGE)$/i;

function refuseUnknownArguments(args: RunMessage['args']): void {
  const declaredNames = knownArguments();
  const unknown = Object.keys(args).filter((name) => !declaredNames.has(name) && !predefined.test(name));
  if (unknown.length === 0) return;
  const declared = [...declaredNames];
  const list = declared.length > 0 ? `The program declares ${declared.join(', ')}.` : 'The program declares none.';
  throw withHint(
    new Error(`the program has no build argument ${unknown.map(describe).join(', ')}`),
    `${list} Declare arguments with arg() at the top of the program.`,
  );
}

const hints = new WeakMap<object, string>();
/** Errors about what an export is, by the name of the export: the program does not run there. */
const aboutExports = new WeakMap<object, string>();

function withHint(error: Error, hint: string): Error {
  hints.set(error, hint);
  return error;
}

/** Names that programs know from Node, and what to use instead. */
const absent: Readonly<Record<string, string>> = {
  process: 'A build program has no process: use arg() for settings and context().readText() for files.',
  require: 'Use import.',
  module: 'Use export: a build program is an ES module.',
  exports: 'Use export: a build program is an ES module.',
  Buffer: 'Use Uint8Array.',
  fetch: 'A build program has no network: use add() or run() to download in the build.',
  setTimeout: 'A build program has no clock and needs none: nothing in it waits for time to pass.',
  setInterval: 'A build program has no clock and needs none: nothing in it waits for time to pass.',
};

/** How a build gets a context that the program asks about. */
function contextHint(message: string): string | undefined {
  const [, name] = /^the build has no context ("[^\s`]*")$/.exec(message) ?? [];
  return name === undefined ? undefined : `Give it with \`context:${JSON.parse(name)}\`.`;
}

/** What a module of the library exports, for a program that imports something else from it. */
async function exportsInstead(message: string): Promise<string | undefined> {
  const [, module] = /^SyntaxError: Could not find export '.*' in module '(tsfront\/\w+)'/.exec(message) ?? [];
  if (module === undefined) return undefined;
  const names = Object.keys((await import(module)) as object);
  return `It exports ${names.filter((name) => /^[a-z]/.test(name)).join(', ')}.`;
}

/** What stages and contexts can do, for a call of something else. */
const methodNames = () =>
  [Stage, Context].flatMap(({ prototype }) =>
    Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor'),
  );

async function failure(error: unknown, { inspects }: RunMessage): Promise<FailureJson> {
  const isError = error instanceof Error;
  const message = isError
    ? `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}`
    : `the program threw ${describe(error)}`;
  const exported = isError ? aboutExports.get(error) : undefined;
  const [, name = ''] = /^(?:ReferenceError: )?'?(\w+)'? is not defined/.exec(message) ?? [];
  const hint =
    (isError ? hints.get(error) : undefined) ??
    (Object.hasOwn(absent, name) ? absent[name] : undefined) ??
    contextHint(message) ??
    (await exportsInstead(message)) ??
    (inspects ? placeholderHint() : undefined);
  return {
    message,
    ...(hint !== undefined && { hint }),
    places: isError ? placesIn(error.stack) : [],
    ...(exported !== undefined && { exported }),
    ...(message === 'TypeError: not a function' && { methods: methodNames() }),
  };
}
