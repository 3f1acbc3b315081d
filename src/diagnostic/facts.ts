/** What a problem is about, as data. Fixes and hints read it instead of messages, which are for people. */
import { findCause } from '../text/causes.ts';
import { hideFields } from '../text/short-error.ts';

/** The name that a problem is about. */
export interface Facts {
  /** The name as it is known to Docker: of a variable, a flag, an option, a stage, an image, a port. */
  readonly name?: string | undefined;
  /** What is probably meant. */
  readonly meant?: string | undefined;
}

/** An error about a name, before it has a place and a code. */
export class NameError extends Error {
  /** The name, and what is probably meant. */
  readonly facts: Facts;

  constructor(message: string, facts: Facts, options?: ErrorOptions) {
    super(message, options);
    this.facts = facts;
    hideFields(this, 'facts');
  }
}

/** The facts in an error's chain of causes; undefined if absent. */
export function findFacts(error: unknown): Facts | undefined {
  return findCause(error, NameError)?.facts;
}
