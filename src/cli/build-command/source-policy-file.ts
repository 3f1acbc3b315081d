/** Rules for sources that the environment gives to every build, as buildx and buildctl take them. */
import { fromJson, type MessageShape } from '@bufbuild/protobuf';
import { PolicySchema } from '../../gen/moby/buildkit/v1/sourcepolicy/policy_pb.ts';
import { maxSettingsBytes, readNamedFile } from '../../system/named-file.ts';
import { systemErrorsInWords } from '../../text/system-error.ts';
import { UsageError } from '../../text/usage-error.ts';

const policyVariable = 'EXPERIMENTAL_BUILDKIT_SOURCE_POLICY';

/** Reads the JSON file that the variable names. @throws UsageError that names the variable and the file */
export async function readSourcePolicy(
  env: Readonly<Record<string, string | undefined>>,
): Promise<MessageShape<typeof PolicySchema> | undefined> {
  const file = env[policyVariable];
  if (!file) return undefined;
  try {
    return fromJson(PolicySchema, JSON.parse(Buffer.from(await readNamedFile(file, maxSettingsBytes)).toString()));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : systemErrorsInWords((error as Error).message);
    throw new UsageError(`${policyVariable}: failed to read the policy ${file}: ${why}`, { cause: error });
  }
}
