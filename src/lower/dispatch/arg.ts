import { secretsUsedInArgOrEnv } from '../../check/instruction-rules.ts';
import type { ArgInstruction } from '../../parser/ast.ts';
import { scanArguments } from '../scan.ts';
import { commit, type Dispatch, expander } from './instruction.ts';

/**
 * ARG: a variable for the commands that follow, but not for the image. Its value is the build argument, else the
 * default, else that of the global ARG. Each sees those before it on the same line.
 */
export function dispatchArg(dispatch: Dispatch, instruction: ArgInstruction): void {
  const { context, stage, linter, lines } = dispatch;
  const committed: string[] = [];
  for (const { key, value: expression, docComment } of instruction.args) {
    secretsUsedInArgOrEnv(linter, lines, 'ARG', key);
    const given = context.buildArgs.get(key);
    const inherited = given === undefined && expression === undefined ? context.globals.env.get(key) : undefined;
    const value = given ?? (expression === undefined ? inherited : expander(dispatch)(expression));

    if (value !== undefined) {
      if (scanArguments.has(key)) stage.scanArgs.set(key, value);
      else stage.state = stage.state.addEnv(key, value);
    }
    // An argument that comes from the global scope is described by its declaration there.
    if (inherited === undefined)
      stage.outline.declare({
        name: key,
        description: docComment,
        value: value ?? '',
        lines,
        dependencies: new Set(),
      });
    stage.outline.used.add(key);
    stage.buildArgs.set(key, value);
    committed.push(value === undefined ? key : `${key}=${value}`);
  }
  commit(dispatch, `ARG ${committed.join(' ')}`);
}
