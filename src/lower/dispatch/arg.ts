import { checkSecretsUsedInArgOrEnv } from '../../buildkit-rules/rules/secrets-used-in-arg-or-env.ts';
import type { ArgInstruction } from '../../parser/ast.ts';
import { scanArguments } from '../sbom-scan.ts';
import { commit, createExpand, type Dispatch, tryPart } from './instruction.ts';

/**
 * ARG sets a variable for the following commands, but not for the image. Its value is the build argument, else the
 * default, else that of the global ARG. Each sees those before it on the same line.
 */
export function dispatchArg(dispatch: Dispatch, instruction: ArgInstruction): void {
  const { lowering, stage, linter, lines, place } = dispatch;
  const committed: string[] = [];
  for (const { key, value: expression, docComment, range } of instruction.args) {
    checkSecretsUsedInArgOrEnv(linter, place, 'ARG', key);
    const buildArg = lowering.buildArgs.get(key);
    const inherited = buildArg === undefined && expression === undefined ? lowering.globals.env.get(key) : undefined;
    const expand = () => createExpand(dispatch)(expression!);
    const value =
      buildArg ?? (expression === undefined ? inherited : tryPart(dispatch, range, 'bad-substitution', expand));

    if (value !== undefined) {
      if (scanArguments.has(key)) stage.result.scanArgs.set(key, value);
      else stage.result.state = stage.result.state.addEnv(key, value);
    }
    // The description of a global argument is at its global declaration.
    if (inherited === undefined)
      stage.outline.declare({
        name: key,
        description: docComment,
        value: value ?? '',
        lines,
        dependencies: new Set(),
      });
    stage.outline.used.add(key);
    stage.result.buildArgs.set(key, value);
    committed.push(value === undefined ? key : `${key}=${value}`);
  }
  commit(dispatch, `ARG ${committed.join(' ')}`);
}
