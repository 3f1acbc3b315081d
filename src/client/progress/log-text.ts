/** The output of a step as text. Messages of a daemon end anywhere: inside a character, inside an escape sequence. */
import type { VertexLog } from '../status.ts';

/** Joins what belongs together of the messages of a step. */
export interface LogText {
  /** The text of a message, with what was held back of the one before, and without what may go on in the next. */
  add(log: VertexLog): string;
  /** Returns the text that was held back, at the end of the output. */
  end(): string;
}

/** A sequence that is longer is not waited for: no colour is. */
const maxHeld = 256;
/** The start of an escape sequence, or a carriage return that may belong to a line feed, at the very end of a text. */
export const unfinishedSequence =
  /(?:\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\0-\x1f\x7f-\x9f]*\x1b?|[ -/]*)|\x9b[0-?]*[ -/]*|[\x9d\x90\x98\x9e\x9f][^\0-\x1f\x7f-\x9f]*\x1b?|\r)$/;

/**
 * Makes the text of a step's output from its pieces.
 * @param unfinished the end of a text that is held back until the next one; characters are kept whole without it
 */
export function createLogText(unfinished?: RegExp): LogText {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let held = '';
  return {
    add({ stream, data }) {
      const text = held + decoders[stream].decode(data, { stream: true });
      held = '';
      if (!unfinished) return text;
      const tail = text.slice(-maxHeld);
      const start = tail.search(unfinished);
      if (start < 0) return text;
      held = tail.slice(start);
      return text.slice(0, text.length - held.length);
    },
    end() {
      const rest = held + decoders.stdout.decode() + decoders.stderr.decode();
      held = '';
      return rest;
    },
  };
}
