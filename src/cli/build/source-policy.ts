/** Rules for sources that the environment gives to every build, as buildx and buildctl take them. */
import { fromJson, type MessageShape } from '@bufbuild/protobuf';
import { PolicySchema } from '../../gen/moby/buildkit/v1/sourcepolicy/policy_pb.ts';
import { maxSettingsBytes, readNamedFile } from '../../system/named-file.ts';

const VARIABLE = 'EXPERIMENTAL_BUILDKIT_SOURCE_POLICY';

/** Reads the JSON file that the variable names. @throws Error that names the variable and the file */
export async function readSourcePolicy(
  env: Readonly<Record<string, string | undefined>>,
): Promise<MessageShape<typeof PolicySchema> | undefined> {
  const file = env[VARIABLE];
  if (!file) return undefined;
  try {
    return fromJson(PolicySchema, JSON.parse(Buffer.from(await readNamedFile(file, maxSettingsBytes)).toString()));
  } catch (error) {
    throw new Error(`${VARIABLE}: failed to read the policy ${file}: ${(error as Error).message}`);
  }
}
