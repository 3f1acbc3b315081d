/** Session service by which the client decides on each source of its build. */
import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { ResolveSourceMetaRequestSchema } from '../../gen/moby/buildkit/v1/frontend/gateway_pb.ts';
import { PolicyAction } from '../../gen/moby/buildkit/v1/sourcepolicy/policy_pb.ts';
import {
  type CheckPolicyRequestSchema,
  type CheckPolicyResponseSchema,
  PolicyVerifier,
} from '../../gen/moby/buildkit/v1/sourcepolicy/policysession/policysession_pb.ts';
import { jsonDetails, RpcError } from '../../rpc/rpc-error.ts';
import { routes } from '../../rpc/server.ts';
import type { Attachable } from './session.ts';

/**
 * A source that is about to be used: `Source?.Source?.identifier` names it, as
 * `docker-image://docker.io/library/alpine:latest` or `local://context`. `Platform` and the other fields of `Source`
 * have what is known of it so far.
 */
export type SourceCheckRequest = MessageShape<typeof CheckPolicyRequestSchema>;

/** The decision about a source that a build uses. */
export type SourceDecision =
  | 'allow'
  /** Ends the build, with the reason. */
  | { readonly deny: string }
  /** Uses another source instead, on which the check is asked again. */
  | { readonly convert: { readonly identifier: string; readonly attrs?: Readonly<Record<string, string>> } }
  /** Asks again once this is known of the source. */
  | { readonly resolve: MessageInitShape<typeof ResolveSourceMetaRequestSchema> };

/** Decides on a source. */
export type SourcePolicyCheck = (request: SourceCheckRequest) => SourceDecision | Promise<SourceDecision>;

/** Asks `check` for each source of a build whose request names this session for it. */
export function sourcePolicy(check: SourcePolicyCheck): Attachable {
  return { routes: routes(PolicyVerifier, { checkPolicy: async (request) => toResponse(await check(request)) }) };
}

function toResponse(decision: SourceDecision): MessageInitShape<typeof CheckPolicyResponseSchema> {
  if (decision === 'allow') return decisionResponse({ action: PolicyAction.ALLOW });
  if ('deny' in decision)
    return decisionResponse({ action: PolicyAction.DENY, denyMessages: [{ message: decision.deny }] });
  if ('resolve' in decision) return { result: { case: 'request', value: decision.resolve } };
  const { identifier, attrs = {} } = decision.convert;
  return decisionResponse({ action: PolicyAction.CONVERT, update: { identifier, attrs: { ...attrs } } });
}

type PolicyAnswer = NonNullable<MessageInitShape<typeof CheckPolicyResponseSchema>['result']>;

function decisionResponse(
  value: Extract<PolicyAnswer, { case: 'decision' }>['value'],
): MessageInitShape<typeof CheckPolicyResponseSchema> {
  return { result: { case: 'decision', value } };
}

/** Adds to the error of a build why a source of it was denied, which the daemon sends beside its message. */
export function explainDenied(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  const reasons = jsonDetails(error, 'policysession.DecisionResponse', denyMessages).flat();
  if (reasons.length === 0) return error;
  const explained = `${error.status}: ${reasons.join('; ')}`;
  return new RpcError(error.code, explained, error.details, { cause: error });
}

function denyMessages({ denyMessages = [] }: { denyMessages?: { message?: string }[] }): string[] {
  return denyMessages.flatMap(({ message }) => message ?? []);
}
