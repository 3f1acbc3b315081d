/** `frontend.outline`: the build arguments, secrets and SSH agents that a target takes. */
import type { LineRange } from '../../diagnostic/source-file.ts';
import { toBase64 } from '../../go/base64.ts';
import { marshalJsonIndent } from '../../go/json-encode.ts';
import type { Result } from '../bridge.ts';
import type { BuildFile } from '../build-file.ts';
import { placesJson } from '../error-status.ts';
import type { Warner } from '../warner.ts';
import { outlineDefinition } from './definitions.ts';
import { textResult } from './result.ts';
import { alignTable } from './tabwriter.ts';

/** Answers `frontend.outline`: the arguments, secrets and SSH agents that a target uses. */
export async function outline(file: BuildFile, warn: Warner['warn']): Promise<Result> {
  const lowered = await file.lower({ warn, inspects: true });
  const { name, description, args, secrets, ssh } = lowered.outline();
  const ranges = placesJson();
  const location = (lines: LineRange | undefined) => lines && { ranges: ranges(lines) };
  const secretJson = ({ name, required, lines }: OutlineSecret) => ({
    name,
    required: required || undefined,
    location: location(lines),
  });
  const json = {
    name: name || undefined,
    description: description || undefined,
    args: list(
      args.map((arg) => ({
        name: arg.name,
        description: arg.description || undefined,
        value: arg.value || undefined,
        location: location(arg.lines),
      })),
    ),
    secrets: list(secrets.map(secretJson)),
    ssh: list(ssh.map(secretJson)),
    sources: [toBase64(file.source.data)],
  };
  return textResult(outlineDefinition, {
    'result.json': marshalJsonIndent(json, '', '  '),
    'result.txt': [
      targetTable(name, description),
      table(
        'BUILD ARG\tVALUE\tDESCRIPTION',
        args.map((arg) => `${arg.name}\t${arg.value}\t${arg.description}`),
      ),
      table('SECRET\tREQUIRED', secrets.map(secretRow)),
      table('SSH\tREQUIRED', ssh.map(secretRow)),
    ].join(''),
  });
}

interface OutlineSecret {
  readonly name: string;
  readonly required: boolean;
  readonly lines: LineRange | undefined;
}

const list = <T>(items: T[]) => (items.length > 0 ? items : undefined);

const secretRow = ({ name, required }: OutlineSecret) => `${name}\t${required ? 'true' : ''}`;

function targetTable(name: string, description: string): string {
  if (name === '' && description === '') return '';
  const rows = [`TARGET:\t${name || '(default)'}\n`, ...(description ? [`DESCRIPTION:\t${description}\n`] : [])];
  return `${alignTable(readable(rows.join('')), 1)}\n`;
}

function table(head: string, rows: readonly string[]): string {
  if (rows.length === 0) return '';
  return `${alignTable(readable([head, ...rows].map((row) => `${row}\n`).join('')), 3)}\n`;
}

/** The tables are made from the JSON, in which bytes that are not UTF-8 are replaced. */
const readable = (text: string) => text.toWellFormed();
