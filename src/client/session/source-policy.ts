/** Session service by which the client decides on each source of its build. */
import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import {
  type CheckPolicyRequestSchema,
  type CheckPolicyResponseSchema,
  PolicyVerifier,
} from '../../gen/moby/buildkit/v1/sourcepolicy/policysession/policysession_pb.ts';
import { routes } from '../../rpc/server.ts';
import type { Attachable } from './session.ts';

/** Allows, denies or rewrites a source, or asks for its metadata first. */
export type SourcePolicyCheck = (
  request: MessageShape<typeof CheckPolicyRequestSchema>,
) => Promise<MessageInitShape<typeof CheckPolicyResponseSchema>>;

/** Asks `check` for every source. Daemons before BuildKit 0.27 do not. */
export function sourcePolicy(check: SourcePolicyCheck): Attachable {
  return { routes: routes(PolicyVerifier, { checkPolicy: (request) => check(request) }) };
}
