/** A part of an op: what differs between two ops is told by their parts. */

/** Kinds of parts that an op has once. */
const ownKinds = [
  'command',
  'working directory',
  'user',
  'network',
  'security',
  'secret variables',
  'devices',
  'settings',
  'root',
  'platform',
  'base image',
  'source',
  'op',
] as const;

/** Kinds of parts that each action of a file op has. */
const actionKinds = [
  'action',
  'file',
  'copied path',
  'destination',
  'owner',
  'mode',
  'patterns',
  'exclude',
  'other settings',
] as const;

/** A part of what BuildKit's cache key of an op is made of, besides its inputs. */
export type OpPart =
  | { readonly kind: (typeof ownKinds)[number]; readonly digest: string }
  | { readonly kind: 'mount'; readonly target: string; readonly digest: string }
  /** `action` is the place of the action in its op, from 1. */
  | { readonly kind: (typeof actionKinds)[number]; readonly action: number; readonly digest: string };

const kinds = { own: new Set<string>(ownKinds), action: new Set<string>(actionKinds) };

/** Whether a value of a file is a part. */
export function isOpPart(value: unknown): value is OpPart {
  const { kind, digest, target, action } = Object(value) as Record<string, unknown>;
  if (typeof kind !== 'string' || typeof digest !== 'string') return false;
  if (kind === 'mount') return typeof target === 'string';
  return kinds.own.has(kind) || (kinds.action.has(kind) && typeof action === 'number');
}

/** What of a step a part is: parts of two ops with the same name are compared. */
export const partName = (part: OpPart): string =>
  'target' in part ? `mount ${part.target}` : 'action' in part ? `${part.kind} ${part.action}` : part.kind;
