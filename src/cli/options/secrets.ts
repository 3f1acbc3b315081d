/** `--secret`. */
import { statSync } from 'node:fs';
import type { SecretSource } from '../../client/index.ts';
import { variableOf } from '../../system/environment-variables.ts';
import { didYouMean } from '../../text/suggest.ts';
import { UsageError } from '../../text/usage-error.ts';
import type { Io } from '../io.ts';
import { parsePairs } from './fields.ts';

const secretKeys = ['id', 'src', 'source', 'env', 'type'];

/** `id=ID[,src=FILE][,env=NAME][,type=file|env]`: without a source, a variable of that name, else a file. */
export function parseSecrets(values: readonly string[], env: Io['env']): Record<string, SecretSource> {
  const secrets: Record<string, SecretSource> = Object.create(null); // ids are users' names: __proto__ is one
  for (const text of values.filter((it) => it !== '')) {
    const { id, src, source, env: variable, type, ...unknown } = parsePairs('--secret', text);
    const [unexpected] = Object.keys(unknown);
    if (unexpected)
      throw new UsageError(
        `unexpected key '${unexpected}' in '${text}' of --secret${didYouMean(unexpected, secretKeys, false)}: known are id, src, env and type`,
      );
    if (!id)
      throw new UsageError(
        `secret missing ID: ${JSON.stringify(text)}: --secret takes id=NAME[,src=FILE|,env=VARIABLE]`,
      );
    if (type && type !== 'file' && type !== 'env')
      throw new UsageError(`unsupported secret type ${JSON.stringify(type)} of --secret: known are file and env`);
    const from = src ?? source;
    if (variable && from) throw new UsageError(`--secret id=${id} has both src and env: give one of them`);
    if (variable && type === 'file') throw new UsageError(`--secret id=${id} has type=file, but env and not src`);
    let chosen: { readonly file: string } | { readonly env: string };
    if (variable) chosen = { env: variable };
    else if (type === 'env') chosen = { env: from ?? id };
    else if (from) chosen = { file: from };
    else if (type !== 'file' && variableOf(env, id) !== undefined) chosen = { env: id };
    else chosen = { file: id };
    secrets[id] = chosen;
    if (!('file' in chosen)) continue;
    const found = statSync(chosen.file, { throwIfNoEntry: false });
    if (!found) throw new UsageError(`--secret id=${id}: failed to stat ${chosen.file}: no such file or directory`);
    if (found.isDirectory()) throw new UsageError(`--secret id=${id}: ${chosen.file} is a directory`);
  }
  return secrets;
}
