/** Looks into the ops of states. */
import { fromBinary } from '@bufbuild/protobuf';
import { type Op, OpSchema } from '../../src/gen/pb/ops_pb.ts';
import { type Definition, image, type MarshalOptions, parsePlatform, type State } from '../../src/llb/index.ts';

/** Options that give the same digests on any machine. */
export const options: MarshalOptions = { platform: parsePlatform('linux/amd64'), localUniqueId: 'id' };
/** A state to build on. */
export const alpine = image('alpine');
/** Options of a run that does nothing. */
export const noop = { args: ['true'] };

/** The ops of a state without the terminal. */
export function opsOf(state: State, marshalOptions = options): Op[] {
  return state
    .marshal(marshalOptions)
    .def.slice(0, -1)
    .map((bytes) => fromBinary(OpSchema, bytes));
}

/** The op whose output the state is. */
export function lastOp(state: State, marshalOptions = options): Op {
  return opsOf(state, marshalOptions).at(-1)!;
}

/** The last op, which runs a command. */
export function execOf(state: State, marshalOptions = options) {
  const { op } = lastOp(state, marshalOptions);
  if (op.case !== 'exec') throw new Error(`not an exec: ${op.case}`);
  return op.value;
}

/** The attributes of the last op, which is a source. */
export function attrsOf(state: State): Record<string, string> {
  const { op } = lastOp(state);
  if (op.case !== 'source') throw new Error(`not a source: ${op.case}`);
  return op.value.attrs;
}

/** The actions of the last op, which changes files. */
export function actionsOf(state: State) {
  const { op } = lastOp(state);
  if (op.case !== 'file') throw new Error(`not a file op: ${op.case}`);
  return op.value.actions;
}

/** The metadata of the op whose output the definition is. */
export function headMetadata(definition: Definition) {
  return definition.metadata.get(definition.head())!;
}

/** The capabilities that the last op needs, sorted. */
export function capsOf(state: State, marshalOptions = options): string[] {
  return Object.keys(headMetadata(state.marshal(marshalOptions)).caps).sort();
}
