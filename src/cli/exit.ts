/** Exit codes of the command; those of signals are in `interrupt.ts`. */
export const exitCode = { ok: 0, failed: 1, usage: 2 } as const;

/** Ends a command with the code that it came to. */
export function endWith(code: number): void {
  if (code !== exitCode.ok) throw new Exit(code);
}

/** Ends a command with a code, after everything was said. */
export class Exit extends Error {
  override readonly name = 'Exit';
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}
