/** The definition of a lint rule of tsfront's own: what it finds, and all that its page in docs/rules says. */
import type { LintRuleName } from '../diagnostic/codes.ts';
import type { Fix, Severity } from '../diagnostic/diagnostic.ts';
import type { LineRange, SourceRange } from '../diagnostic/source-file.ts';
import type { Instruction } from '../parser/ast.ts';
import type { LintFile } from './lint-file.ts';

/** What a finding of a rule counts as; `off` turns the rule off. */
export type Level = 'off' | Severity;

/** An option of a rule in `tsfront.json`. */
export type RuleOption =
  | { readonly type: 'boolean'; readonly default: boolean; readonly description: string }
  | { readonly type: 'number'; readonly default: number; readonly description: string }
  | { readonly type: 'string'; readonly default: string; readonly description: string }
  /** A list of strings. */
  | { readonly type: 'strings'; readonly default: readonly string[]; readonly description: string };

/** The values of options by their names. */
export type RuleOptions = Readonly<Record<string, RuleOption['default']>>;

/** What a rule finds in one place. */
export interface Finding {
  /** The instruction that it is about. A comment above it can turn the rule off. */
  readonly instruction: Instruction;
  /** The exact place; by default the whole instruction. */
  readonly range?: SourceRange | undefined;
  /** The lines for BuildKit's JSON; by default those of the range. */
  readonly lines?: LineRange | undefined;
  /** What is wrong: lower case first, no full stop, with the words of the file. */
  readonly message: string;
  /** The way out, as a sentence. */
  readonly hint: string;
  /** Edits that take the way out, if there is one. */
  readonly fix?: Fix | undefined;
  /** Other places that explain it. */
  readonly related?: readonly { readonly message: string; readonly range: SourceRange }[] | undefined;
}

/** A lint rule. */
export interface LintRule {
  /** The name in findings, in `tsfront.json` and in comments. */
  readonly name: LintRuleName;
  /** What it asks for, in one sentence. */
  readonly summary: string;
  /** Why, as paragraphs of Markdown. */
  readonly why: string;
  /** Dockerfiles that it reports, each with what is wrong in it. The first is shown on the page. */
  readonly bad: readonly [string, ...string[]];
  /** Dockerfiles that it accepts. The first is the first of `bad`, mended. */
  readonly good: readonly [string, ...string[]];
  /** The level without a configuration. */
  readonly level: Level;
  /** Whether some findings have a fix, and how far it can be trusted. */
  readonly fix?: Fix['safety'];
  /** The rule of hadolint with the same purpose: `DL3006`. */
  readonly hadolint?: string;
  /** Its options by their names; none if absent. */
  readonly options?: Readonly<Record<string, RuleOption>>;
  /** The values of options that the examples are for; the defaults if absent. */
  readonly exampleOptions?: RuleOptions;
  /**
   * Finds the violations in a file. They need no order.
   * @param options values of all of its options
   */
  find(file: LintFile, options: RuleOptions): Iterable<Finding>;
}
