/** Reads the names of steps as builds show them: `[linux/amd64->arm64 build 2/7] RUN make`. */

/** The parts of such a name. */
export interface StepName {
  /** `linux/amd64`, or `linux/amd64->arm64`; '' if the name has none. */
  readonly platform: string;
  /** Name of the stage; '' for the only stage of a file. */
  readonly stage: string;
  /** Number of the step in its stage: `2/7`. */
  readonly place: string;
  /** The instruction. */
  readonly text: string;
}

const pattern = /^\[(?:([^\s\]]*\/[^\s\]]*) )?(?:([^\s/\]]+) )?\s*(\d+\/\d+)\] (.*)$/s;

/** Cuts a name; undefined if it is not that of a stage's step, such as `[internal] load build context`. */
export function readStepName(name: string): StepName | undefined {
  const [, platform = '', stage = '', place, text] = pattern.exec(name) ?? [];
  return place === undefined || text === undefined ? undefined : { platform, stage, place, text };
}
