/**
 * The op that brings files into a graph (`pb.SourceOp`). The other files of this directory make it, each for one kind
 * of source.
 */
import * as pb from '../../gen/pb/ops_fields.ts';
import { marshalJson } from '../../go/json-encode.ts';
import { aString, checkArgument } from '../../text/arguments.ts';
import type { BaseImage } from '../base-image.ts';
import type { Constraints } from '../constraints.ts';
import { encodeOp } from '../encode-op.ts';
import { State } from '../state.ts';
import { initialValues } from '../state-values.ts';
import type { EncodeContext, EncodedOp, OpVertex } from '../vertex.ts';

/** What the identifiers of sources begin with. `format-op.ts` has a word for each. */
export type SourceScheme =
  | 'docker-image'
  | 'docker-image+blob'
  | 'git'
  | 'http'
  | 'https'
  | 'local'
  | 'oci-layout'
  | 'oci-layout+blob';

/** The identifier of a source, which daemons know it by. */
export type SourceIdentifier = `${SourceScheme}://${string}`;

/**
 * Makes a state of any source that the other functions do not support.
 *
 * @param identifier `scheme://…`
 * @param attributes attributes of the source, as BuildKit names them
 * @example
 * source('docker-image://docker.io/library/alpine:latest', { 'image.resolvemode': 'pull' });
 */
export function source(
  identifier: string,
  attributes: Readonly<Record<string, string>> | ReadonlyMap<string, string> = {},
  constraints: Constraints = {},
): State {
  checkArgument('source', 'identifier', identifier, aString);
  const attrs = new SourceAttributes([]);
  const pairs = attributes instanceof Map ? attributes : Object.entries(attributes);
  for (const [key, value] of pairs) attrs.values.set(key, value);
  return sourceState(identifier as SourceIdentifier, attrs, constraints); // the daemon may know more
}

/** Name, mode and owner of a downloaded file. */
export interface FileInfo {
  /** Name of the file; the daemon chooses one if absent. */
  readonly filename?: string | undefined;
  /** Permission bits; 0600 if absent. */
  readonly chmod?: number | undefined;
  /** Owner and group; root if absent. */
  readonly chown?: { readonly uid: number; readonly gid: number } | undefined;
}

/** The attributes of a source and the capabilities that the daemon needs for them. */
export class SourceAttributes {
  /** Values by key. */
  readonly values = new Map<string, string>();
  /** Capabilities. */
  readonly caps: string[];

  constructor(caps: string[]) {
    this.caps = caps;
  }

  /** Sets an attribute, which needs a capability, unless the value is undefined or empty. */
  set(key: string, value: string | undefined, cap?: string): void {
    if (!value) return;
    this.values.set(key, value);
    if (cap) this.caps.push(cap);
  }

  /** Sets an attribute to `true` if the value is true. */
  flag(key: string, value: boolean | undefined, cap: string): void {
    if (value) this.set(key, 'true', cap);
  }

  /** Sets an attribute to a decimal number. */
  number(key: string, value: number | undefined, cap?: string): void {
    this.set(key, value?.toString(), cap);
  }

  /** Sets an attribute to a JSON array unless it would be empty. */
  list(key: string, values: readonly string[] | undefined, cap?: string): void {
    if (values?.length) this.set(key, marshalJson(values), cap);
  }

  /** Sets the attributes of a downloaded file. */
  file({ filename, chmod, chown }: FileInfo, caps: { readonly perm?: string; readonly owner?: string } = {}): void {
    const perm = (chmod ?? 0) & 0o777;
    this.set('http.filename', filename);
    if (perm !== 0) this.set('http.perm', `0${perm.toString(8)}`, caps.perm);
    if (chown?.uid) this.number('http.uid', chown.uid, caps.owner);
    if (chown?.gid) this.number('http.gid', chown.gid, caps.owner);
  }
}

/**
 * Makes a state of a source.
 *
 * @param error thrown when the state is marshalled
 * @param baseImage the image, if the source is one
 */
export function sourceState(
  identifier: SourceIdentifier,
  attrs: SourceAttributes,
  constraints: Constraints,
  error?: Error,
  baseImage?: BaseImage,
): State {
  const vertex = new SourceVertex(identifier, attrs, constraints, error);
  return State.fromOutput({ vertex, index: 0, platform: constraints.platform }, { ...initialValues, baseImage });
}

class SourceVertex implements OpVertex {
  private readonly identifier: string;
  private readonly attrs: SourceAttributes;
  private readonly constraints: Constraints;
  private readonly error: Error | undefined;

  constructor(identifier: string, attrs: SourceAttributes, constraints: Constraints, error: Error | undefined) {
    this.identifier = identifier;
    this.attrs = attrs;
    this.constraints = constraints;
    this.error = error;
  }

  inputs(): readonly [] {
    return [];
  }

  encode(context: EncodeContext): EncodedOp {
    const { identifier } = this;
    if (this.error) throw this.error;
    if (identifier === '') throw new Error("source identifier can't be empty");
    let { values, caps } = this.attrs;
    if (identifier.startsWith('local://') && !values.has('local.session') && !values.has('local.unique')) {
      // Without a session, directories of the same name on different clients would have the same digest.
      values = new Map(values).set('local.unique', context.constraints.localUniqueId);
      caps = [...caps, 'source.local.unique'];
    }
    return encodeOp(context, {
      inputs: [],
      kind: 'source',
      body: (to) => {
        to.string(pb.SourceOp.identifier, identifier);
        to.stringMap(pb.SourceOp.attrs, values);
      },
      constraints: this.constraints,
      caps,
      platformSpecific: /^(docker-image|oci-layout):\/\//.test(identifier),
    });
  }
}
