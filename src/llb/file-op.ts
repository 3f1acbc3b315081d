/** The vertex of a chain of file actions. */

import { clean, isAbs, join } from '../go/path.ts';
import { encodeOp } from './encode-op.ts';
import { type BoundFileAction, type FileAction, type FileStep, parseOwner, timestamp, type UserId } from './file.ts';
import type { Constraints, CreatedTime, Owner } from './options.ts';
import type { ProtoWriter } from './proto-writer.ts';
import type { State } from './state.ts';
import { type EncodeContext, type EncodedOp, InputList, type Output, type Vertex } from './vertex.ts';

const empty = -1; // pb.Empty, pb.SkipOutput
const keepMode = -1; // a copy's mode when none is given

/** Field numbers of `pb.FileAction`'s oneof. */
const actionField: Record<FileStep['kind'], number> = { copy: 4, mkfile: 5, mkdir: 6, rm: 7, symlink: 8 };

/** Where an action's files come from: an input of the op, or the result of an earlier action. */
type Place = { readonly input: number } | { readonly action: number };

interface PlacedStep {
  readonly step: FileStep;
  readonly state: State;
  /** Input that owners' names are looked up in. */
  readonly base: number;
  readonly primary: Place;
  readonly secondary: Place;
}

export class FileVertex implements Vertex {
  private readonly target: BoundFileAction;
  private readonly constraints: Constraints;

  constructor(state: State, action: FileAction, constraints: Constraints) {
    this.target = action.withState(state);
    this.constraints = constraints;
  }

  inputs(): readonly (Output | undefined)[] {
    const outputs = new Set<Output | undefined>();
    collectOutputs(this.target, outputs);
    return [...outputs];
  }

  encode(context: EncodeContext): EncodedOp {
    const plan = new FilePlan(context);
    plan.add(this.target);
    const { steps, inputs } = plan;
    const number = (place: Place) => ('input' in place ? place.input : inputs.list.length + place.action);
    return encodeOp(context, {
      inputs: inputs.list,
      kind: 'file',
      body: (to) =>
        steps.forEach((placed, at) => {
          to.message(2, () => {
            to.int(1, number(placed.primary));
            to.int(2, number(placed.secondary));
            to.int(3, at === steps.length - 1 ? 0 : empty);
            to.message(actionField[placed.step.kind], () => writeStep(to, placed));
          });
        }),
      constraints: this.constraints,
      caps: ['file.base'], // the reference records no other for file actions
      platformSpecific: false,
    });
  }
}

/** The reference visits a chain from its end: the state, then the source of a copy, then the action before. */
function collectOutputs({ action, state }: BoundFileAction, outputs: Set<Output | undefined>): void {
  outputs.add(state.output);
  for (const step of action.steps().reverse()) {
    if (step.kind !== 'copy') continue;
    if (isBound(step.from)) collectOutputs(step.from, outputs);
    else outputs.add(step.from.output);
  }
}

/** Numbers inputs and actions in the order in which the actions run. */
class FilePlan {
  readonly inputs = new InputList();
  readonly steps: PlacedStep[] = [];
  private readonly context: EncodeContext;
  /** Position of the last action of chains that were copied from, so that each runs once. */
  private readonly results = new Map<BoundFileAction, number>();

  constructor(context: EncodeContext) {
    this.context = context;
  }

  /** Returns the position of the chain's last action. */
  add(bound: BoundFileAction): number {
    const known = this.results.get(bound);
    if (known !== undefined) return known;
    const { action, state } = bound;
    const base = this.inputs.add(this.context.input(state.output));
    let primary: Place = { input: base };
    for (const step of action.steps()) {
      const secondary = this.source(step);
      this.steps.push({ step, state, base, primary, secondary });
      primary = { action: this.steps.length - 1 };
    }
    const last = this.steps.length - 1;
    this.results.set(bound, last);
    return last;
  }

  private source(step: FileStep): Place {
    if (step.kind !== 'copy') return { input: empty };
    if (isBound(step.from)) return { action: this.add(step.from) };
    return { input: this.inputs.add(this.context.input(step.from.output)) };
  }
}

function isBound(source: State | BoundFileAction): source is BoundFileAction {
  return 'kind' in source && source.kind === 'bound-file-action';
}

function writeStep(to: ProtoWriter, { step, state, base }: PlacedStep): void {
  const resolve = (path: string) => resolvePath(state.getDir(), path);
  switch (step.kind) {
    case 'copy':
      writeCopy(to, step, state, base);
      break;
    case 'mkfile':
      to.string(1, resolve(step.path));
      to.int(2, step.mode & 0o777);
      to.bytes(3, step.data);
      writeOwnerAndTime(to, 4, step.options, base);
      break;
    case 'mkdir':
      to.string(1, resolve(step.path));
      to.int(2, step.mode & 0o777);
      to.bool(3, step.options.makeParents);
      writeOwnerAndTime(to, 4, step.options, base);
      break;
    case 'rm':
      to.string(1, resolve(step.path));
      to.bool(2, step.options.allowNotFound);
      to.bool(3, step.options.allowWildcard);
      break;
    case 'symlink':
      to.string(1, step.oldPath);
      to.string(2, step.newPath);
      writeOwnerAndTime(to, 3, step.options, base);
  }
}

function writeCopy(to: ProtoWriter, step: FileStep & { kind: 'copy' }, state: State, base: number): void {
  const { options } = step;
  const { mode } = options;
  const symbolic = typeof mode === 'string' ? mode : '';
  to.string(1, copySource(step));
  to.string(2, keepSlash(step.dest, resolvePath(state.getDir(), step.dest)));
  writeOwner(to, 3, options.owner, base);
  to.int(4, typeof mode === 'number' ? mode : symbolic === '' ? keepMode : 0);
  to.bool(5, options.followSymlinks);
  to.bool(6, options.copyDirContentsOnly);
  to.bool(7, options.attemptUnpack);
  to.bool(8, options.createDestPath);
  to.bool(9, options.allowWildcard);
  to.bool(10, options.allowEmptyWildcard);
  to.int(11, timestamp(options.createdTime));
  to.strings(12, options.includePatterns);
  to.strings(13, options.excludePatterns);
  to.bool(14, options.alwaysReplaceExistingDestPaths);
  to.string(15, symbolic);
  to.strings(16, options.requiredPaths);
}

function copySource({ from, src }: FileStep & { kind: 'copy' }): string {
  const path = clean(src);
  if (isAbs(path)) return join('/', path);
  return join((isBound(from) ? from.state : from).getDir(), path);
}

function resolvePath(dir: string, path: string): string {
  const cleaned = clean(path);
  return isAbs(cleaned) ? cleaned : join('/', dir, cleaned);
}

/** A destination that ends in a slash or `/.` is a directory, and says so to the engine. */
function keepSlash(given: string, path: string): string {
  if (given.endsWith('/') && !path.endsWith('/')) return `${path}/`;
  if (given.endsWith('/.')) return path === '/' ? '/.' : `${path}/.`;
  return path;
}

function writeOwnerAndTime(
  to: ProtoWriter,
  field: number,
  options: { readonly owner?: Owner | undefined; readonly createdTime?: CreatedTime | undefined },
  base: number,
): void {
  writeOwner(to, field, options.owner, base);
  to.int(field + 1, timestamp(options.createdTime));
}

function writeOwner(to: ProtoWriter, field: number, owner: Owner | undefined, base: number): void {
  if (owner === undefined) return;
  const { user, group } = parseOwner(owner);
  to.message(field, () => {
    to.message(1, () => writeUser(to, user, base));
    if (group) to.message(2, () => writeUser(to, group, base));
  });
}

function writeUser(to: ProtoWriter, user: UserId, base: number): void {
  if ('id' in user) to.scalar(2, user.id >>> 0);
  else
    to.message(1, () => {
      to.string(1, user.name);
      to.int(2, base);
    });
}
