/** Descriptions that several features show, as Markdown. */
import { lineColumn } from '../../diagnostic/source-file.ts';
import { flagAnchor, flagText } from '../language/flags.ts';
import { instructionTexts, instructionUrl, partUrl } from '../language/instructions.ts';
import { predefinedVariables, proxyVariables } from '../language/variables.ts';
import { shownValue } from '../secrets.ts';
import type { DocumentSession } from '../session.ts';
import type { StageSymbol, SymbolDefinition, Symbols } from '../symbols.ts';

/** Longest value that is shown. */
const maxShown = 500;

/** A text as code, on one line. */
export function code(text: string): string {
  const line = text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
  const flat = line.replace(/\s*[\r\n]+\s*/g, ' ');
  const fence = flat.includes('`') ? '``' : '`';
  return `${fence}${fence === '``' ? ` ${flat} ` : flat}${fence}`;
}

/** A text as a block of code. */
export const block = (text: string, language = 'dockerfile'): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** What an instruction is. */
export function describeInstruction(name: string): string | undefined {
  const known = instructionTexts[name];
  if (!known) return undefined;
  return [block(known.forms.join('\n')), known.summary, `[Reference](${instructionUrl(name)})`].join('\n\n');
}

/** What a flag is. */
export function describeFlag(instruction: string, flag: string): string | undefined {
  const known = flagText(instruction, flag);
  if (!known) return undefined;
  const values = Object.entries(known.values).map(([value, text]) => `- ${code(value)}: ${text}`);
  const heading = block(`${instruction.toUpperCase()} --${flag}${known.value && `=${known.value}`}`);
  return [heading, known.summary, values.join('\n'), `[Reference](${partUrl(flagAnchor(instruction, flag))})`]
    .filter((it) => it !== '')
    .join('\n\n');
}

/** The line of an offset, from 1. */
export const lineOf = ({ document }: DocumentSession, offset: number): number =>
  lineColumn(document.parsed.source, offset).line;

/** What a variable stands for at a place, and where that comes from. */
export function describeVariable(
  session: DocumentSession,
  name: string,
  found: SymbolDefinition | undefined,
  unit: number,
): string {
  if (found) return describeDefined(session, found);
  const { symbols } = session;
  const own = predefinedVariables[name];
  const stage = symbols.stageOf(unit);
  const isGlobal = stage < 0 || symbols.stages[stage]?.unit === unit;
  if (own !== undefined) {
    const value = symbols.predefined.get(name);
    const use = isGlobal ? '' : `\n\nTo use it in a stage, declare it: ${code(`ARG ${name}`)}.`;
    return `${variableHeading(name, value)}\n\n${own}${use}`;
  }
  if (proxyVariables.includes(name.toUpperCase()))
    return `${variableHeading(name, undefined)}\n\nA proxy of the build.`;
  const global = isGlobal ? undefined : symbols.globals.get(name);
  if (global)
    return [
      variableHeading(name, undefined),
      `Not set here: the ARG in line ${lineOf(session, global.range.start)} is before FROM. Repeat ${code(`ARG ${name}`)} in this stage.`,
    ].join('\n\n');
  const image = isGlobal ? undefined : baseImageOf(symbols, stage);
  const known = image === undefined ? undefined : session.analysis?.images.get(image);
  const value = known?.config?.config.env.find((it) => it.startsWith(`${name}=`))?.slice(name.length + 1);
  if (value !== undefined) return `${variableHeading(name, value)}\n\nSet by the image ${code(image!)}.`;
  const why =
    image === undefined || image === 'scratch' || known?.config
      ? 'Nothing in this file sets it.'
      : `Nothing in this file sets it; what the image ${code(image)} sets is not known.`;
  return `${variableHeading(name, undefined)}\n\n${why}`;
}

/** The image that a stage begins with, through the stages that it continues. */
export function baseImageOf({ stages }: Symbols, index: number): string | undefined {
  let stage: StageSymbol | undefined = stages[index];
  for (let left = stages.length; stage?.parent !== undefined && left > 0; left--) stage = stages[stage.parent];
  return stage?.base;
}

function variableHeading(name: string, value: string | undefined): string {
  return `**${name}** ${value === undefined ? '(no value)' : `= ${value === '' ? '(empty)' : code(value)}`}`;
}

function describeDefined(session: DocumentSession, definition: SymbolDefinition): string {
  const { name, unknown, isSecret } = definition;
  const shown = shownValue(definition);
  const parts = [variableHeading(name, shown)];
  const trail: string[] = [];
  for (let at: SymbolDefinition | undefined = definition, left = 10; at && left > 0; left--) {
    trail.push(`- ${originText(session, at)}`);
    at = at.origin === 'argument before FROM' ? at.from : undefined;
  }
  parts.push(trail.join('\n'));
  if (isSecret && shown !== undefined)
    parts.push('The value is not shown, because the name looks like that of a secret.');
  if (unknown.length > 0) parts.push(`Not known, and empty here: ${unknown.map(code).join(', ')}.`);
  return parts.join('\n\n');
}

function originText(session: DocumentSession, { kind, name, range, origin, stage }: SymbolDefinition): string {
  const { stages } = session.symbols;
  const own = stages[stage];
  const where =
    stage < 0 ? 'before the first FROM' : own?.name ? `in the stage ${code(own.name)}` : `in stage ${stage}`;
  const place = `${kind.toUpperCase()} in line ${lineOf(session, range.start)}, ${where}`;
  switch (origin) {
    case 'build argument':
      return `${place}: the build argument in the settings`;
    case 'default':
      return `${place}: its default, unless the build sets ${code(`--build-arg ${name}=…`)}`;
    case 'argument before FROM':
      return `${place}: takes the value from before FROM`;
    case 'predefined':
      return `${place}: every build sets it`;
    case 'value':
      return place;
    case 'none':
      return `${place}: no default, so that only ${code(`--build-arg ${name}=…`)} sets it`;
  }
}
