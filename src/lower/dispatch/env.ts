import { checkLegacyKeyValueFormat } from '../../buildkit-rules/rules/legacy-key-value-format.ts';
import { checkSecretsUsedInArgOrEnv } from '../../buildkit-rules/rules/secrets-used-in-arg-or-env.ts';
import type { EnvInstruction } from '../../parser/ast.ts';
import type { StageState } from '../stage-state.ts';
import { commit, type Dispatch, expandPairs } from './instruction.ts';

/**
 * ENV sets variables for the following commands and for the image. All values see the variables from before the
 * instruction.
 */
export function dispatchEnv(dispatch: Dispatch, instruction: EnvInstruction): void {
  const { stage, linter, place } = dispatch;
  let message = 'ENV';
  for (const { key, value, noDelim } of expandPairs(dispatch, instruction.pairs)) {
    if (noDelim) checkLegacyKeyValueFormat(linter, place, instruction.keyword);
    checkSecretsUsedInArgOrEnv(linter, place, 'ENV', key);
    message += ` ${key}=${value}`;
    stage.result.state = stage.result.state.addEnv(key, value);
    setVariable(stage, key, value);
  }
  commit(dispatch, message);
}

/** Sets a variable of the image. A variable that is set again keeps its place. */
function setVariable({ result: { image }, envPlaces }: StageState, key: string, value: string): void {
  const { env } = image.config;
  const place = envPlaces.get(key) ?? env.length;
  envPlaces.set(key, place);
  env[place] = `${key}=${value}`;
}
