/** Results and attestations as messages of the gateway API. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  Attestation as AttestationPb,
  Result as ResultPb,
  ResultSchema,
} from '../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { AttestationKindSchema, InTotoSubjectKindSchema } from '../gen/moby/buildkit/v1/frontend/gateway_schemas.ts';
import type { Attestation, Reference, Result } from './bridge.ts';

const { values: AttestationKind } = AttestationKindSchema;
const { values: InTotoSubjectKind } = InTotoSubjectKindSchema;

/** A reference by its id; undefined for the empty id, which stands for scratch. */
export const reference = (id: string): Reference | undefined => (id === '' ? undefined : { id });

/**
 * @param inlineRefs whether references are messages; ids otherwise, for daemons without `proto.refarray`
 */
export function resultToPb(result: Result, inlineRefs: boolean): MessageInitShape<typeof ResultSchema> {
  const id = (ref: Reference | undefined) => ref?.id ?? '';
  const metadata = Object.fromEntries(result.metadata);
  const attestations = Object.fromEntries(
    [...(result.attestations ?? [])].map(([platform, list]) => [platform, { attestation: list.map(attestationToPb) }]),
  );
  if (!result.refs) {
    const ref = id(result.ref);
    const value = inlineRefs
      ? { case: 'ref' as const, value: { id: ref } }
      : { case: 'refDeprecated' as const, value: ref };
    return { result: value, metadata, attestations };
  }
  const refs = [...result.refs];
  const value = inlineRefs
    ? { case: 'refs' as const, value: { refs: Object.fromEntries(refs.map(([key, ref]) => [key, { id: id(ref) }])) } }
    : {
        case: 'refsDeprecated' as const,
        value: { refs: Object.fromEntries(refs.map(([key, ref]) => [key, id(ref)])) },
      };
  return { result: value, metadata, attestations };
}

/** Decodes a result of the gateway. */
export function resultFromPb(pb: ResultPb): Result {
  const metadata = new Map(Object.entries(pb.metadata));
  const attestations = new Map(
    Object.entries(pb.attestations).map(([platform, list]) => [platform, list.attestation.map(attestationFromPb)]),
  );
  const { case: kind, value } = pb.result;
  const map = (entries: [string, string][]) => new Map(entries.map(([key, id]): [string, Reference] => [key, { id }]));
  switch (kind) {
    case 'ref':
      return { ref: reference(value.id), metadata, attestations };
    case 'refDeprecated':
      return { ref: reference(value), metadata, attestations };
    case 'refs':
      return { refs: map(Object.entries(value.refs).map(([key, ref]) => [key, ref.id])), metadata, attestations };
    case 'refsDeprecated':
      return { refs: map(Object.entries(value.refs)), metadata, attestations };
    default:
      return { metadata, attestations };
  }
}

function attestationToPb(attestation: Attestation) {
  return {
    kind: attestation.kind === 'bundle' ? AttestationKind.Bundle : AttestationKind.InToto,
    metadata: { ...attestation.metadata },
    ref: { id: attestation.ref?.id ?? '' },
    path: attestation.path,
    inTotoPredicateType: attestation.inTotoPredicateType,
    inTotoSubjects: attestation.inTotoSubjects.map(({ kind, digest, name }) => ({
      kind: kind === 'raw' ? InTotoSubjectKind.Raw : InTotoSubjectKind.Self,
      digest: [...digest],
      name,
    })),
  };
}

function attestationFromPb(pb: AttestationPb): Attestation {
  return {
    kind: pb.kind === AttestationKind.Bundle ? 'bundle' : 'in-toto',
    metadata: pb.metadata,
    ref: reference(pb.ref?.id ?? ''),
    path: pb.path,
    inTotoPredicateType: pb.inTotoPredicateType,
    inTotoSubjects: pb.inTotoSubjects.map(({ kind, digest, name }) => ({
      kind: kind === InTotoSubjectKind.Raw ? 'raw' : 'self',
      digest,
      name,
    })),
  };
}
