/**
 * The grammar of a Dockerfile over the lexer's tokens. It accepts every sequence of tokens that the lexer makes, wrong
 * ones included. The concrete syntax keeps missing and extra parts, and the rules of each instruction report them.
 */
import { EmbeddedActionsParser } from 'chevrotain';
import type { Directive, Word } from './ast.ts';
import type { CstArguments, CstCommand, CstFile, CstHeredoc, CstInstruction, CstPair, CstTrigger } from './cst.ts';
import * as tokens from './tokens.ts';

/** An instruction without its here-documents. */
type Core = Pick<CstInstruction, 'head' | 'flags' | 'arguments'>;

const keyword = tokens.keywordKinds;

/** The grammar. `validate` checks the grammar itself, which takes time: a test does it. */
export class DockerfileGrammar extends EmbeddedActionsParser {
  constructor({ validate = false } = {}) {
    super([...tokens.grammarVocabulary], { maxLookahead: 1, recoveryEnabled: false, skipValidations: !validate });
    this.performSelfAnalysis();
  }

  /** file: (DirectiveLine | instruction EndOfInstruction heredoc*)* */
  readonly file = this.RULE('file', (): CstFile => {
    const directives: Directive[] = [];
    const instructions: CstInstruction[] = [];
    this.MANY(() => {
      this.OR([
        { ALT: () => directives.push(this.CONSUME(tokens.DirectiveLine).payload) },
        {
          ALT: () => {
            const core = this.SUBRULE(this.instruction);
            this.CONSUME(tokens.EndOfInstruction);
            const heredocs: CstHeredoc[] = [];
            this.MANY2(() => heredocs.push(this.SUBRULE(this.heredoc)));
            instructions.push({ ...core, heredocs });
          },
        },
      ]);
    });
    return { directives, instructions };
  });

  /** heredoc: HeredocBody HeredocEnd? */
  private readonly heredoc = this.RULE('heredoc', (): CstHeredoc => {
    const body = this.CONSUME(tokens.HeredocBody);
    let last = body;
    this.OPTION(() => {
      last = this.CONSUME(tokens.HeredocEnd);
    });
    return { heredoc: body.payload, end: last.endOffset! + 1 };
  });

  private readonly instruction: () => Core = this.RULE(
    'instruction',
    (): Core =>
      this.OR([
        { ALT: () => this.SUBRULE(this.fromInstruction) },
        { ALT: () => this.SUBRULE(this.pairsInstruction) },
        { ALT: () => this.SUBRULE(this.namesInstruction) },
        { ALT: () => this.SUBRULE(this.listInstruction) },
        { ALT: () => this.SUBRULE(this.wordsInstruction) },
        { ALT: () => this.SUBRULE(this.commandInstruction) },
        { ALT: () => this.SUBRULE(this.textInstruction) },
        { ALT: () => this.SUBRULE(this.healthcheckInstruction) },
        { ALT: () => this.SUBRULE(this.onbuildInstruction) },
        { ALT: () => this.SUBRULE(this.unknownInstruction) },
      ]),
  );

  /** from: FromKeyword flags (image (As name?)? Argument*)? */
  private readonly fromInstruction = this.RULE('fromInstruction', (): Core => {
    const head = this.CONSUME(keyword.from).payload;
    const flags = this.SUBRULE(this.flags);
    let image: Word | undefined;
    let as: Word | undefined;
    let name: Word | undefined;
    const extra: Word[] = [];
    this.OPTION(() => {
      image = this.CONSUME(tokens.Argument).payload;
      this.OPTION2(() => {
        as = this.CONSUME(tokens.As).payload;
        this.OPTION3(() => {
          name = this.CONSUME2(tokens.Argument).payload;
        });
      });
      this.MANY(() => extra.push(this.CONSUME3(tokens.Argument).payload));
    });
    return { head, flags, arguments: { form: 'from', image, as, name, extra } };
  });

  /** pairs: PairsKeyword flags (LegacyKey Value? | pairs) */
  private readonly pairsInstruction = this.RULE('pairsInstruction', (): Core => {
    const head = this.CONSUME(keyword.pairs).payload;
    const flags = this.SUBRULE(this.flags);
    const parts = this.OR([
      {
        ALT: (): CstArguments => {
          const key = this.CONSUME(tokens.LegacyKey).payload;
          let value: Word | undefined;
          this.OPTION(() => {
            value = this.CONSUME(tokens.Value).payload;
          });
          return { form: 'legacy-pair', key, value };
        },
      },
      { ALT: (): CstArguments => ({ form: 'pairs', pairs: this.SUBRULE(this.pairs) }) },
    ]);
    return { head, flags, arguments: parts };
  });

  /** names: NamesKeyword flags pairs */
  private readonly namesInstruction = this.RULE('namesInstruction', (): Core => {
    const head = this.CONSUME(keyword.names).payload;
    const flags = this.SUBRULE(this.flags);
    return { head, flags, arguments: { form: 'pairs', pairs: this.SUBRULE(this.pairs) } };
  });

  /** pairs: (Key? Equals Value? | Argument)* */
  private readonly pairs = this.RULE('pairs', (): CstPair[] => {
    const pairs: CstPair[] = [];
    this.MANY(() => {
      let key: Word | undefined;
      let equals: Word | undefined;
      let value: Word | undefined;
      this.OR([
        {
          ALT: () => {
            key = this.CONSUME(tokens.Argument).payload;
          },
        },
        {
          ALT: () => {
            this.OPTION(() => {
              key = this.CONSUME(tokens.Key).payload;
            });
            equals = this.CONSUME(tokens.Equals).payload;
            this.OPTION2(() => {
              value = this.CONSUME(tokens.Value).payload;
            });
          },
        },
      ]);
      pairs.push({ key, equals, value });
    });
    return pairs;
  });

  /** list: ListKeyword flags (array | Argument*) */
  private readonly listInstruction = this.RULE('listInstruction', (): Core => {
    const head = this.CONSUME(keyword.list).payload;
    const flags = this.SUBRULE(this.flags);
    const parts = this.OR([
      { ALT: () => this.SUBRULE(this.array) },
      { ALT: (): CstArguments => ({ form: 'words', words: this.SUBRULE(this.words) }) },
    ]);
    return { head, flags, arguments: parts };
  });

  /** words: WordsKeyword flags Argument* */
  private readonly wordsInstruction = this.RULE('wordsInstruction', (): Core => {
    const head = this.CONSUME(keyword.words).payload;
    const flags = this.SUBRULE(this.flags);
    return { head, flags, arguments: { form: 'words', words: this.SUBRULE(this.words) } };
  });

  /** command: CommandKeyword flags (array | Text?) */
  private readonly commandInstruction = this.RULE('commandInstruction', (): Core => {
    const head = this.CONSUME(keyword.command).payload;
    const flags = this.SUBRULE(this.flags);
    return { head, flags, arguments: this.SUBRULE(this.command) };
  });

  /** text: TextKeyword flags Text? */
  private readonly textInstruction = this.RULE('textInstruction', (): Core => {
    const head = this.CONSUME(keyword.text).payload;
    const flags = this.SUBRULE(this.flags);
    return { head, flags, arguments: this.SUBRULE(this.text) };
  });

  /** healthcheck: HealthcheckKeyword flags (CheckType (array | Text?))? */
  private readonly healthcheckInstruction = this.RULE('healthcheckInstruction', (): Core => {
    const head = this.CONSUME(keyword.healthcheck).payload;
    const flags = this.SUBRULE(this.flags);
    let type: Word | undefined;
    let command: CstCommand = { form: 'text', text: undefined };
    this.OPTION(() => {
      type = this.CONSUME(tokens.CheckType).payload;
      command = this.SUBRULE(this.command);
    });
    return { head, flags, arguments: { form: 'healthcheck', type, command } };
  });

  /** onbuild: OnbuildKeyword flags (instruction | Text)? */
  private readonly onbuildInstruction = this.RULE('onbuildInstruction', (): Core => {
    const head = this.CONSUME(keyword.onbuild).payload;
    const flags = this.SUBRULE(this.flags);
    let parts: CstTrigger = { form: 'onbuild', instruction: undefined };
    this.OPTION(() =>
      this.OR([
        {
          ALT: () => {
            const core = this.SUBRULE(this.instruction);
            parts = { form: 'onbuild', instruction: { ...core, heredocs: [] } };
          },
        },
        { ALT: () => this.CONSUME(tokens.Text) },
      ]),
    );
    return { head, flags, arguments: parts };
  });

  /** unknown: UnknownKeyword flags Text? */
  private readonly unknownInstruction = this.RULE('unknownInstruction', (): Core => {
    const head = this.CONSUME(keyword.unknown).payload;
    const flags = this.SUBRULE(this.flags);
    return { head, flags, arguments: this.SUBRULE(this.text) };
  });

  private readonly flags = this.RULE('flags', (): Word[] => {
    const flags: Word[] = [];
    this.MANY(() => flags.push(this.CONSUME(tokens.FlagWord).payload));
    return flags;
  });

  private readonly words = this.RULE('words', (): Word[] => {
    const words: Word[] = [];
    this.MANY(() => words.push(this.CONSUME(tokens.Argument).payload));
    return words;
  });

  private readonly command = this.RULE(
    'command',
    (): CstCommand => this.OR([{ ALT: () => this.SUBRULE(this.array) }, { ALT: () => this.SUBRULE(this.text) }]),
  );

  private readonly text = this.RULE('text', (): CstCommand => {
    let text: Word | undefined;
    this.OPTION(() => {
      text = this.CONSUME(tokens.Text).payload;
    });
    return { form: 'text', text };
  });

  /** array: LeftBracket ((JsonString | JsonOther) (Comma …)*)? RightBracket */
  private readonly array = this.RULE('array', (): CstCommand => {
    const strings: Word[] = [];
    const others: Word[] = [];
    this.CONSUME(tokens.LeftBracket);
    this.MANY_SEP({
      SEP: tokens.Comma,
      DEF: () =>
        this.OR([
          { ALT: () => strings.push(this.CONSUME(tokens.JsonString).payload) },
          { ALT: () => others.push(this.CONSUME(tokens.JsonOther).payload) },
        ]),
    });
    this.CONSUME(tokens.RightBracket);
    return { form: 'json', strings, others };
  });
}
