/** The stages and variables of a version of a document: where each is defined, where it is used, what it stands for. */
import type { SourceRange } from '../diagnostic/source-file.ts';
import { toLower } from '../go/unicode.ts';
import { defaultPlatform, normalizePlatform, parsePlatform } from '../image/platform.ts';
import { predefinedArgs } from '../lower/args.ts';
import type { EscapeToken } from '../parser/ast.ts';
import { createShellLex, type Env, type ShellLex } from '../parser/words.ts';
import { isSecretName } from '../text/secret-name.ts';
import type { OpenDocument } from './documents.ts';
import { type UnitFacts, unitFacts } from './unit-facts.ts';

/** What of a build's settings decides about values. */
export interface SymbolSettings {
  readonly buildArgs: Readonly<Record<string, string>>;
  /** '' for the platform of this machine. */
  readonly platform: string;
  /** Name of the target; '' for the last stage. */
  readonly target: string;
}

/** A definition of a stage or a variable. */
export interface SymbolDefinition {
  readonly kind: 'arg' | 'env' | 'stage';
  /** As it is looked up: of a stage in lower case. */
  readonly name: string;
  /** The name in the file. */
  readonly range: SourceRange;
  /** Index of the instruction. */
  readonly unit: number;
  /** Index of the stage that it is in, or that it begins; -1 before the first FROM. */
  readonly stage: number;
  /** The value as written; undefined if absent. */
  readonly written: string | undefined;
  /** The value in a build with the settings; undefined if it has none, or it is not known. */
  readonly value: string | undefined;
  /** Where the value comes from. */
  readonly origin: 'build argument' | 'default' | 'argument before FROM' | 'predefined' | 'value' | 'none';
  /** Whether its name, or that of a variable in its value, looks like that of a secret: the value is never shown. */
  readonly isSecret: boolean;
  /** Variables in the written value whose own value is not known. */
  readonly unknown: readonly string[];
  /** The definition that gives the value, or that this one takes the place of. */
  readonly from: SymbolDefinition | undefined;
  /** What is renamed together: the same for all definitions that continue each other. */
  readonly group: { id: number };
}

/** A use of a stage or a variable. */
interface SymbolUse {
  readonly kind: 'variable' | 'stage';
  readonly name: string;
  readonly range: SourceRange;
  readonly unit: number;
  /** The definition that is in force there; undefined if the file has none. */
  readonly definition: SymbolDefinition | undefined;
}

/** A stage. */
export interface StageSymbol {
  /** In lower case; '' if it has none. */
  readonly name: string;
  /** Index of its FROM. */
  readonly unit: number;
  /** The name of the base, with variables replaced. */
  readonly base: string;
  /** Index of the stage that it continues; undefined for an image. */
  readonly parent: number | undefined;
  /** The variables in force at its end. */
  readonly scope: Scope;
}

/** The table of a document. */
export interface Symbols {
  readonly definitions: readonly SymbolDefinition[];
  readonly uses: readonly SymbolUse[];
  readonly stages: readonly StageSymbol[];
  /** Variables before the first FROM. */
  readonly globals: ReadonlyMap<string, SymbolDefinition>;
  /** Values of the arguments that every build has. */
  readonly predefined: ReadonlyMap<string, string>;
  /** Index of the stage of an instruction; -1 before the first FROM. */
  stageOf(unit: number): number;
  /** The variables in force before an instruction, by name. */
  scopeAt(unit: number): ReadonlyMap<string, SymbolDefinition>;
  /** The definition or the use at an offset. */
  at(offset: number): { readonly definition: SymbolDefinition } | { readonly use: SymbolUse } | undefined;
}

/** Variables in force. Those of the base stage are in `outer`. */
interface Scope {
  readonly own: Map<string, SymbolDefinition>;
  readonly outer: Scope | undefined;
}

const made = new WeakMap<OpenDocument, { settings: string; symbols: Symbols }>();

/** The table of a document. It is made once for each version. */
export function symbolsOf(document: OpenDocument, settings: SymbolSettings): Symbols {
  const key = JSON.stringify([settings.buildArgs, settings.platform, settings.target]);
  const before = made.get(document);
  if (before?.settings === key) return before.symbols;
  const symbols = findSymbols(document, settings);
  made.set(document, { settings: key, symbols });
  return symbols;
}

function findIn(scope: Scope | undefined, name: string): SymbolDefinition | undefined {
  for (let at = scope; at; at = at.outer) {
    const found = at.own.get(name);
    if (found) return found;
  }
  return undefined;
}

/** Makes the table of a document. */
class SymbolFinder {
  readonly definitions: SymbolDefinition[] = [];
  readonly uses: SymbolUse[] = [];
  readonly stages: StageSymbol[] = [];
  readonly stageOfUnit: number[] = [];
  readonly globals: Scope = { own: new Map(), outer: undefined };
  private readonly byName = new Map<string, number>();
  private readonly stageDefinitions = new Map<number, SymbolDefinition>();
  private readonly lex: ShellLex;
  private readonly buildArgs: ReadonlyMap<string, string>;
  readonly predefined: ReadonlyMap<string, string>;
  private scope: Scope = this.globals;
  private unit = 0;

  constructor(escapeToken: EscapeToken, settings: SymbolSettings) {
    this.lex = createShellLex({ escape: escapeToken });
    this.buildArgs = new Map(Object.entries(settings.buildArgs));
    this.predefined = predefinedValues(settings);
  }

  /** Adds an instruction. @param start where it is: the places of the facts are relative to that */
  add(facts: UnitFacts, start: number): void {
    if (facts.name === 'from') this.addStage(facts, start);
    else {
      this.stageOfUnit.push(this.stages.length - 1);
      for (const { name, range } of facts.stageUses) this.addStageUse(name, toLower(name), moveRange(range, start));
      if (facts.name === 'arg') this.addArgs(facts, start);
      else {
        this.addUses(facts, facts.uses, start, this.scope);
        // The values of an ENV do not see each other.
        const set = facts.defined.map((own) => this.define(own, start));
        for (const definition of set) this.scope.own.set(definition.name, definition);
      }
    }
    this.unit++;
  }

  private addUses(facts: UnitFacts, uses: UnitFacts['uses'], start: number, scope: Scope): void {
    for (const { name, range } of uses) {
      const found = facts.own.has(name) ? undefined : findIn(scope, name);
      const definition = facts.expandedBy === 'container' && found?.kind === 'arg' ? undefined : found;
      this.uses.push({ kind: 'variable', name, range: moveRange(range, start), unit: this.unit, definition });
    }
  }

  private addStage(facts: UnitFacts, start: number): void {
    this.addUses(facts, facts.uses, start, this.globals);
    const [base] = facts.stageUses;
    const expanded = this.expand(base?.name ?? '', this.globals).value ?? base?.name ?? '';
    const parent = this.byName.get(expanded);
    if (base && !base.name.includes('$')) this.addStageUse(base.name, base.name, moveRange(base.range, start));
    this.scope = { own: new Map(), outer: parent === undefined ? undefined : this.stages[parent]!.scope };
    const [own] = facts.defined;
    const index = this.stages.length;
    this.stages.push({ name: own?.name ?? '', unit: this.unit, base: expanded, parent, scope: this.scope });
    this.stageOfUnit.push(index);
    if (!own) return;
    this.byName.set(own.name, index);
    this.stageDefinitions.set(index, this.define(own, start));
  }

  /** @param key as the stage is looked up */
  private addStageUse(name: string, key: string, range: SourceRange): void {
    const index = this.byName.get(key) ?? (/^\d+$/.test(key) ? Number(key) : undefined);
    const definition = index === undefined ? undefined : this.stageDefinitions.get(index);
    this.uses.push({ kind: 'stage', name, range, unit: this.unit, definition });
  }

  /** Each argument sees those before it in the same instruction. */
  private addArgs(facts: UnitFacts, start: number): void {
    let next = 0;
    for (const [index, own] of facts.defined.entries()) {
      const end = facts.defined[index + 1]?.range.start ?? Number.POSITIVE_INFINITY;
      const first = next;
      while (next < facts.uses.length && facts.uses[next]!.range.start < end) next++;
      this.addUses(facts, facts.uses.slice(first, next), start, this.scope);
      this.scope.own.set(own.name, this.define(own, start));
    }
  }

  private define({ kind, name, range, value: written }: UnitFacts['defined'][number], start: number) {
    const isArg = kind === 'arg';
    const isGlobal = this.scope === this.globals;
    const earlier = kind === 'stage' ? undefined : findIn(this.scope, name);
    const global = isArg && !isGlobal && written === undefined ? this.globals.own.get(name) : undefined;
    const given = isArg ? this.buildArgs.get(name) : undefined;
    const expanded = written === undefined || given !== undefined ? undefined : this.expand(written, this.scope);
    const inherited =
      isArg && !isGlobal && written === undefined ? (global?.value ?? this.predefined.get(name)) : undefined;
    const from = global ?? earlier;
    const definition: SymbolDefinition = {
      kind,
      name,
      range: moveRange(range, start),
      unit: this.unit,
      stage: this.stages.length - 1,
      written,
      value: given ?? expanded?.value ?? inherited,
      origin: originOf({ given, written, global, inherited, isArg }),
      isSecret: kind !== 'stage' && (isSecretName(name) || expanded?.isSecret === true || from?.isSecret === true),
      unknown: expanded?.unknown ?? [],
      from,
      group: from?.group ?? { id: this.definitions.length },
    };
    this.definitions.push(definition);
    return definition;
  }

  /** Replaces the variables of a word. */
  private expand(word: string, scope: Scope): Expanded {
    let isSecret = false;
    const env: Env = {
      get: (name) => {
        const found = findIn(scope, name);
        isSecret ||= found?.isSecret === true;
        return found?.value ?? (scope === this.globals ? this.predefined.get(name) : undefined);
      },
      keys: () => [],
    };
    try {
      const { result, unmatched } = this.lex.processWord(word, env);
      return { value: result, unknown: [...unmatched], isSecret };
    } catch {
      return { value: undefined, unknown: [], isSecret };
    }
  }
}

interface Expanded {
  readonly value: string | undefined;
  /** Variables that have no value. */
  readonly unknown: readonly string[];
  readonly isSecret: boolean;
}

/** What a variable may have its value from; undefined for what it has not. */
interface Sources {
  readonly given: string | undefined;
  readonly written: string | undefined;
  readonly global: SymbolDefinition | undefined;
  readonly inherited: string | undefined;
  readonly isArg: boolean;
}

function originOf({ given, written, global, inherited, isArg }: Sources): SymbolDefinition['origin'] {
  if (given !== undefined) return 'build argument';
  if (written !== undefined) return isArg ? 'default' : 'value';
  if (global) return 'argument before FROM';
  return inherited === undefined ? 'none' : 'predefined';
}

const moveRange = ({ start, end }: SourceRange, by: number): SourceRange => ({ start: start + by, end: end + by });

function predefinedValues({ buildArgs, platform, target }: SymbolSettings): ReadonlyMap<string, string> {
  const own = defaultPlatform();
  let targetPlatform = own;
  try {
    if (platform !== '') targetPlatform = normalizePlatform(parsePlatform(platform.split(',')[0]!));
  } catch {
    // The check of the file reports it.
  }
  const env = predefinedArgs(
    { build: [own], target: targetPlatform, implicitTarget: false },
    new Map(Object.entries(buildArgs)),
    target,
  );
  return new Map(env.keys().map((name) => [name, env.get(name) ?? '']));
}

function findSymbols({ parsed, units, text }: OpenDocument, settings: SymbolSettings): Symbols {
  const finder = new SymbolFinder(parsed.escape, settings);
  for (const unit of units) finder.add(unitFacts(unit, text, parsed.escape), unit.start);
  const { definitions, uses, stages, stageOfUnit, globals, predefined } = finder;
  const stageOf = (unit: number) => stageOfUnit[Math.min(unit, stageOfUnit.length - 1)] ?? -1;
  return {
    definitions,
    uses,
    stages,
    globals: globals.own,
    predefined,
    stageOf,
    scopeAt(unit) {
      const stage = stageOf(unit);
      if (stage < 0 || stages[stage]!.unit === unit) return globals.own;
      const visible = new Map<string, SymbolDefinition>();
      for (let at: Scope | undefined = stages[stage]!.scope.outer; at; at = at.outer)
        for (const [name, definition] of at.own) if (!visible.has(name)) visible.set(name, definition);
      for (const definition of definitions)
        if (definition.stage === stage && definition.unit < unit && definition.kind !== 'stage')
          visible.set(definition.name, definition);
      return visible;
    },
    at(offset) {
      const covers = ({ range }: { readonly range: SourceRange }) => range.start <= offset && offset <= range.end;
      const use = uses.find(covers);
      if (use) return { use };
      const definition = definitions.find(covers);
      return definition && { definition };
    },
  };
}
