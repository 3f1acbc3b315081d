/** A checked file as the formats of `tsfront check` show it. */
import type { Checked } from '../../daemonless/check.ts';
import type { Diagnostic } from '../../diagnostic/diagnostic.ts';
import type { SourceFile } from '../../diagnostic/source-file.ts';
import { inBuildFlags } from '../../gateway/build-flags.ts';
import { hideSecretsOf, hidingAddresses } from '../../text/hide-secrets.ts';
import { redactCredentials } from '../../text/redact.ts';
import type { ShownPath } from '../shown-path.ts';
import type { Outcome } from './check-target.ts';

/** A checked file. */
export interface CheckedFile extends Pick<Checked, 'json' | 'warnings' | 'notes' | 'unknownImages'> {
  /** Its path for people. */
  readonly path: string;
  /** Whether it is a file on this machine, so that fixes can be applied. */
  readonly isFile: boolean;
  readonly source: SourceFile;
  /** In the order of the file; files in them have the paths for people. */
  readonly problems: readonly Diagnostic[];
  readonly fixed: Outcome['fixed'];
  readonly change: Outcome['change'];
  readonly shown: ShownPath;
}

/** Makes a {@link CheckedFile}. */
export function checkedFile({ shown, dockerfile, fixed, change }: Outcome, checked: Checked): CheckedFile {
  const { json, warnings, notes, unknownImages, source, problems } = checked;
  const renamed = (file: SourceFile): SourceFile => ({ ...file, filename: shown(file.filename) });
  return {
    path: shown(source.filename),
    isFile: dockerfile !== '',
    source: renamed(source),
    problems: problems.map((it) => ({
      ...it,
      ...(it.file && { file: renamed(it.file) }),
      ...(it.hint !== undefined && { hint: inBuildFlags(it.hint) }),
    })),
    json: answerWithoutSecrets(json, source),
    warnings,
    notes,
    unknownImages,
    fixed,
    change,
    shown,
  };
}

/** The answer without secrets in the Dockerfile, whose lines stay, and in messages; fixes are as they are applied. */
function answerWithoutSecrets(json: Checked['json'], { text }: SourceFile): Checked['json'] {
  const hideSecrets = hideSecretsOf([text]);
  const hide = hidingAddresses(hideSecrets);
  const sources = json.sources.map((it) => {
    if (it.data === undefined) return it;
    const text = Buffer.from(it.data, 'base64').toString();
    const hidden = hideSecrets(text).split('\n').map(redactCredentials).join('\n');
    return hidden === text ? it : { ...it, data: Buffer.from(hidden).toString('base64') };
  });
  const warnings = json.warnings?.map((it) => ({ ...it, detail: hide(it.detail) })) ?? null;
  const buildError = json.buildError && { ...json.buildError, message: hide(json.buildError.message) };
  return { ...json, warnings, sources, ...(buildError && { buildError }) };
}
