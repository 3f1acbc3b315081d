import { legacyKeyValueFormat, secretsUsedInArgOrEnv } from '../../check/instruction-rules.ts';
import type { EnvInstruction } from '../../parser/ast.ts';
import type { StageState } from '../stages.ts';
import { commit, type Dispatch, expander } from './instruction.ts';

/** ENV: variables for the commands that follow and for the image. All values see the variables from before. */
export function dispatchEnv(dispatch: Dispatch, instruction: EnvInstruction): void {
  const { stage, linter, lines } = dispatch;
  const expand = expander(dispatch);
  const pairs = instruction.pairs.map(({ key, value, noDelim }) => ({
    key: expand(key),
    value: expand(value),
    noDelim,
  }));
  let message = 'ENV';
  for (const { key, value, noDelim } of pairs) {
    if (noDelim) legacyKeyValueFormat(linter, instruction);
    secretsUsedInArgOrEnv(linter, lines, 'ENV', key);
    message += ` ${key}=${value}`;
    stage.state = stage.state.addEnv(key, value);
    setVariable(stage, key, value);
  }
  commit(dispatch, message);
}

/** Sets a variable of the image, where one that is set again keeps its place. */
function setVariable({ image, envPlaces }: StageState, key: string, value: string): void {
  const { env } = image.config;
  const place = envPlaces.get(key) ?? env.length;
  envPlaces.set(key, place);
  env[place] = `${key}=${value}`;
}
