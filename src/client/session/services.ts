/** The services of a session. */
import {
  aBoolean,
  aFunction,
  aString,
  aUint8Array,
  either,
  listOf,
  objectWithOnly,
  optional,
  recordOf,
  type Validator,
  type ValidatorsOf,
} from '../../text/arguments.ts';
import { type AuthOptions, auth } from './auth.ts';
import type { ChosenExports } from './chosen-exports.ts';
import type { ContentStores } from './content.ts';
import type { ExportReceiver } from './file-send.ts';
import { fileSync } from './file-sync.ts';
import { type SecretSource, secrets } from './secrets.ts';
import type { Attachable } from './session.ts';
import { type SourcePolicyCheck, sourcePolicy } from './source-policy.ts';
import { type SshSource, ssh } from './ssh.ts';

/** The options of a build that are served by services of its session. */
export interface ServiceOptions {
  /** By id. */
  readonly secrets?: Readonly<Record<string, SecretSource>> | undefined;
  /** SSH agents and keys that RUN may use. */
  readonly ssh?: readonly SshSource[] | undefined;
  /** Registry credentials: Docker's by default, none with `false`. */
  readonly auth?: AuthOptions | false | undefined;
  /**
   * Decides on each source when the daemon asks. Daemons before BuildKit 0.27 do not ask: there the build is refused.
   */
  readonly sourcePolicyCheck?: SourcePolicyCheck | undefined;
  /**
   * Told what is left out of the build: a local cache to read that does not exist, `gha` outside of GitHub Actions,
   * credentials whose helper failed.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}

const aSecretSource = either(
  '',
  objectWithOnly({ file: aString }),
  objectWithOnly({ env: aString }),
  objectWithOnly({ value: either('', aString, aUint8Array) }),
);
/** The message does not quote the value, which may be the secret itself. */
const aSecret: Validator = (value, name) =>
  aSecretSource(value, name) === undefined
    ? undefined
    : `${name} must be { file: PATH }, { env: NAME } or { value: TEXT }, but is ${typeof value === 'string' ? 'a string' : 'something else'}`;

const authOptions = objectWithOnly<AuthOptions>({
  credentials: optional(aFunction),
  hosts: optional(listOf(aString)),
  seedDir: optional(aString),
  onWarning: optional(aFunction),
});
const someAuthOptions: Validator = (value, name) => (value === false ? undefined : authOptions(value, name));

/** The validators of {@link ServiceOptions}; the type checker asks for each. */
export const serviceOptions: ValidatorsOf<ServiceOptions> = {
  secrets: optional(recordOf(aSecret, 'an object of secrets by their ids')),
  ssh: optional(
    listOf(
      objectWithOnly({ id: optional(aString), paths: optional(listOf(aString)), raw: optional(aBoolean) }),
      'an array of { id, paths }',
    ),
  ),
  auth: optional(someAuthOptions),
  sourcePolicyCheck: optional(aFunction),
  onWarning: optional(aFunction),
};

/** The inputs of the services of a session. */
export interface ServiceParts {
  /** The options of the build that concern services. */
  readonly options: ServiceOptions;
  /** Services that the caller brings. */
  readonly attachables: readonly Attachable[] | undefined;
  /** Directories by the name of their local source. */
  readonly dirs: ReadonlyMap<string, string>;
  /** Exports that the caller chooses once the result is known. */
  readonly chosen: ChosenExports | undefined;
  /** Receives the results that come here. */
  readonly received: ExportReceiver | undefined;
  /** OCI layouts that the build reads or writes. */
  readonly contentStores: ContentStores | undefined;
}

type SessionService = (parts: ServiceParts) => Offered | Promise<Offered>;
type Offered = Attachable | readonly Attachable[] | undefined;

/**
 * The services of a session, in the order in which they are closed. A service is offered only to builds that need it. A
 * new service is a file in this directory and a line here; its option and validator are above.
 */
export const sessionServices: readonly SessionService[] = [
  ({ dirs }) => fileSync(dirs),
  ({ attachables }) => attachables,
  ({ chosen }) => chosen,
  ({ received }) => received,
  ({ contentStores }) => contentStores,
  ({ options }) => options.secrets && secrets(new Map(Object.entries(options.secrets))),
  ({ options }) => options.ssh && ssh(options.ssh),
  ({ options }) => options.sourcePolicyCheck && sourcePolicy(options.sourcePolicyCheck),
  ({ options }) => (options.auth === false ? undefined : auth({ onWarning: options.onWarning, ...options.auth })),
];
