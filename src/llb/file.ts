/** The op that changes files (`pb.FileOp`): a chain of file actions. */
import * as pb from '../gen/pb/ops_fields.ts';
import { clean, isAbs, join } from '../go/path.ts';
import type { ProtoWriter } from '../protobuf/writer.ts';
import type { Constraints } from './constraints.ts';
import { encodeOp } from './encode-op.ts';
import type { BoundFileAction, CopySource, CreatedTime, FileAction, FileStep, Owner } from './file-action.ts';
import {
  type EncodeContext,
  type EncodedOp,
  emptyInput,
  type Filesystem,
  InputList,
  type OpVertex,
  type Output,
  skipOutput,
} from './vertex.ts';

/** Value of a copy's mode that keeps the mode of the source. */
const keepMode = -1;

/** Value of a timestamp that leaves the time to the daemon. */
const keepTime = -1n;

/** The source of an action: an input of the op, or the result of an earlier action. */
type ActionInput = { readonly input: number } | { readonly action: number };

interface PlacedStep {
  readonly step: FileStep;
  readonly state: Filesystem;
  /** Input in which names of owners are looked up. */
  readonly base: number;
  readonly primary: ActionInput;
  readonly secondary: ActionInput;
}

/** Applies a chain of file actions to a state. */
export class FileVertex implements OpVertex {
  private readonly target: BoundFileAction;
  private readonly constraints: Constraints;

  constructor(state: Filesystem, action: FileAction, constraints: Constraints) {
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
    return encodeOp(context, {
      inputs: plan.inputs.list,
      kind: 'file',
      body: (to) => plan.write(to),
      constraints: this.constraints,
      caps: ['file.base'], // the reference records no other for file actions
      platformSpecific: false,
    });
  }
}

/** Visits a chain from its end, as the reference does: the state, then the source of a copy, then the action before. */
function collectOutputs({ action, state }: BoundFileAction, outputs: Set<Output | undefined>): void {
  outputs.add(state.output);
  for (let at: FileAction | undefined = action; at; at = at.previous) {
    const { step } = at;
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
  /** Index of the last action of each chain that was copied from, so that each chain runs once. */
  private readonly results = new Map<BoundFileAction, number>();

  constructor(context: EncodeContext) {
    this.context = context;
  }

  /** Returns the index of the chain's last action. */
  add(bound: BoundFileAction): number {
    const index = this.results.get(bound);
    if (index !== undefined) return index;
    const { action, state } = bound;
    const base = this.inputs.add(this.context.input(state.output));
    let primary: ActionInput = { input: base };
    for (const step of action.steps()) {
      const secondary = this.source(step);
      this.steps.push({ step, state, base, primary, secondary });
      primary = { action: this.steps.length - 1 };
    }
    const last = this.steps.length - 1;
    this.results.set(bound, last);
    return last;
  }

  /** Writes the fields of the op. */
  write(to: ProtoWriter): void {
    const last = this.steps.at(-1);
    for (const placed of this.steps) {
      const action = to.open(pb.FileOp.actions);
      to.int(pb.FileAction.input, this.number(placed.primary));
      to.int(pb.FileAction.secondaryInput, this.number(placed.secondary));
      to.int(pb.FileAction.output, placed === last ? 0 : skipOutput);
      const step = to.open(pb.FileAction[placed.step.kind]);
      writeStep(to, placed);
      to.close(step);
      to.close(action);
    }
  }

  /** The number of an input or action in the op. */
  private number(place: ActionInput): number {
    return 'input' in place ? place.input : this.inputs.list.length + place.action;
  }

  private source(step: FileStep): ActionInput {
    if (step.kind !== 'copy') return { input: emptyInput };
    if (isBound(step.from)) return { action: this.add(step.from) };
    return { input: this.inputs.add(this.context.input(step.from.output)) };
  }
}

function isBound(source: CopySource): source is BoundFileAction {
  return 'kind' in source && source.kind === 'bound-file-action';
}

function writeStep(to: ProtoWriter, { step, state, base }: PlacedStep): void {
  switch (step.kind) {
    case 'copy':
      writeCopy(to, step, state, base);
      break;
    case 'mkfile':
      to.string(pb.FileActionMkFile.path, resolvePath(state.getDir(), step.path));
      to.int(pb.FileActionMkFile.mode, step.mode & 0o777);
      to.bytes(pb.FileActionMkFile.data, step.data);
      writeOwner(to, pb.FileActionMkFile.owner, step.options.owner, base);
      to.int(pb.FileActionMkFile.timestamp, timestamp(step.options.createdTime));
      break;
    case 'mkdir':
      to.string(pb.FileActionMkDir.path, resolvePath(state.getDir(), step.path));
      to.int(pb.FileActionMkDir.mode, step.mode & 0o777);
      to.bool(pb.FileActionMkDir.makeParents, step.options.makeParents);
      writeOwner(to, pb.FileActionMkDir.owner, step.options.owner, base);
      to.int(pb.FileActionMkDir.timestamp, timestamp(step.options.createdTime));
      break;
    case 'rm':
      to.string(pb.FileActionRm.path, resolvePath(state.getDir(), step.path));
      to.bool(pb.FileActionRm.allowNotFound, step.options.allowNotFound);
      to.bool(pb.FileActionRm.allowWildcard, step.options.allowWildcard);
      break;
    case 'symlink':
      to.string(pb.FileActionSymlink.oldpath, step.oldPath);
      to.string(pb.FileActionSymlink.newpath, step.newPath);
      writeOwner(to, pb.FileActionSymlink.owner, step.options.owner, base);
      to.int(pb.FileActionSymlink.timestamp, timestamp(step.options.createdTime));
  }
}

function writeCopy(to: ProtoWriter, step: FileStep & { kind: 'copy' }, state: Filesystem, base: number): void {
  const { options } = step;
  const { mode } = options;
  const symbolic = typeof mode === 'string' ? mode : '';
  const { FileActionCopy } = pb;
  to.string(FileActionCopy.src, copySource(step));
  to.string(FileActionCopy.dest, keepSlash(step.dest, resolvePath(state.getDir(), step.dest)));
  writeOwner(to, FileActionCopy.owner, options.owner, base);
  to.int(FileActionCopy.mode, typeof mode === 'number' ? mode : symbolic === '' ? keepMode : 0);
  to.bool(FileActionCopy.followSymlink, options.followSymlinks);
  to.bool(FileActionCopy.dirCopyContents, options.copyDirContentsOnly);
  to.bool(FileActionCopy.attemptUnpackDockerCompatibility, options.attemptUnpack);
  to.bool(FileActionCopy.createDestPath, options.createDestPath);
  to.bool(FileActionCopy.allowWildcard, options.allowWildcard);
  to.bool(FileActionCopy.allowEmptyWildcard, options.allowEmptyWildcard);
  to.int(FileActionCopy.timestamp, timestamp(options.createdTime));
  to.strings(FileActionCopy.includePatterns, options.includePatterns);
  to.strings(FileActionCopy.excludePatterns, options.excludePatterns);
  to.bool(FileActionCopy.alwaysReplaceExistingDestPaths, options.alwaysReplaceExistingDestPaths);
  to.string(FileActionCopy.modeStr, symbolic);
  to.strings(FileActionCopy.requiredPaths, options.requiredPaths);
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

/** Keeps the slash or `/.` at the end of a destination, which tells the daemon that it is a directory. */
function keepSlash(original: string, path: string): string {
  if (original.endsWith('/') && !path.endsWith('/')) return `${path}/`;
  if (original.endsWith('/.')) return path === '/' ? '/.' : `${path}/.`;
  return path;
}

/** Nanoseconds since 1970-01-01 UTC. */
function timestamp(created: CreatedTime | undefined): bigint {
  if (created === undefined) return keepTime;
  return typeof created === 'bigint' ? created : BigInt(created.getTime()) * 1_000_000n;
}

type User = { readonly id: number } | { readonly name: string };

function writeOwner(to: ProtoWriter, field: number, owner: Owner | undefined, base: number): void {
  if (owner === undefined) return;
  const { user, group } = parseOwner(owner);
  const start = to.open(field);
  writeUser(to, pb.ChownOpt.user, user, base);
  if (group) writeUser(to, pb.ChownOpt.group, group, base);
  to.close(start);
}

/** Returns undefined as the group if the owner has none. */
function parseOwner(owner: Owner): { readonly user: User; readonly group: User | undefined } {
  if (typeof owner !== 'string') return { user: { id: owner.uid }, group: { id: owner.gid } };
  const colon = owner.indexOf(':');
  if (colon < 0) return { user: parseUser(owner), group: undefined };
  return { user: parseUser(owner.slice(0, colon)), group: parseUser(owner.slice(colon + 1)) };
}

function parseUser(text: string): User {
  if (text === 'root' || text === '') return { id: 0 };
  const id = /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  return id >= -(2 ** 31) && id < 2 ** 31 ? { id } : { name: text };
}

function writeUser(to: ProtoWriter, field: number, user: User, base: number): void {
  const start = to.open(field);
  if ('id' in user) to.scalar(pb.UserOpt.byID, user.id >>> 0);
  else
    to.message(pb.UserOpt.byName, () => {
      to.string(pb.NamedUserOpt.name, user.name);
      to.int(pb.NamedUserOpt.input, base);
    });
  to.close(start);
}
