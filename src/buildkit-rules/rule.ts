/** The definition of a lint rule. */
import type { RuleName } from '../diagnostic/codes.ts';
import type { Facts } from '../diagnostic/facts.ts';

/**
 * A lint rule. Names, descriptions, addresses and messages go over the wire (build warnings, the lint subrequest,
 * `# check=skip=…`), so they are the Dockerfile frontend's own, to the byte.
 */
export interface Rule<Args extends readonly string[] = readonly never[]> {
  /** The name in findings and in check options. */
  readonly name: RuleName;
  /** One sentence about what the rule asks for. */
  readonly description: string;
  /** '' if the rule has no page. */
  readonly url: string;
  /** The message of one finding. */
  message(...args: Args): string;
  /** What the message is about, as data. */
  facts?(...args: Args): Facts;
  /** Whether it runs only if `experimental=` names it (or `all`); `skip=` does not turn it off then. */
  readonly experimental: boolean;
  /** Whether it never runs; its name is still valid in options. */
  readonly deprecated: boolean;
  /** Whether it is about the values of words, with their variables expanded: nothing is said of values not known. */
  readonly aboutValues: boolean;
}

type RuleDefinition<Args extends readonly string[]> = Pick<Rule<Args>, 'name' | 'description' | 'message' | 'facts'> &
  Partial<Pick<Rule, 'url' | 'experimental' | 'deprecated' | 'aboutValues'>>;

/** Defines a rule; by default it has a page, is on, is neither experimental nor deprecated, and is about the text. */
export function defineRule<Args extends readonly string[]>(definition: RuleDefinition<Args>): Rule<Args> {
  const page = definition.name.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase();
  const url = `https://docs.docker.com/go/dockerfile/rule/${page}/`;
  return { url, experimental: false, deprecated: false, aboutValues: false, ...definition };
}

/** The suffix of a message that suggests a name; '' if there is no suggestion. */
export const suggestionText = (name: string): string => (name === '' ? '' : ` (did you mean ${name}?)`);

/** The facts of a finding about a name; the suggestion is '' if absent. */
export const misspelling = (name: string, suggestion: string): Facts => ({ name, meant: suggestion || undefined });
