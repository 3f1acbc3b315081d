/** Stands for the library of build programs: evaluates what it gets. It leaves `program` where code finds it. */
import { when } from 'tsfront/llb';

// biome-ignore lint/security/noGlobalEval: messages are code, and it runs in the global scope
const evaluate = globalThis.eval;
globalThis.program.listen((code) => void evaluate(code));
export const loaded = `when ${when}`;
