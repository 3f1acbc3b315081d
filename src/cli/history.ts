/** `tsfront history`: the builds a daemon remembers. */
import { Command, Option } from 'commander';
import type { HistoryRecord, ProgressMode } from '../client/index.ts';
import { withConnection } from './connected.ts';
import { formatOption } from './format-option.ts';
import type { Io } from './io.ts';
import { since } from './since.ts';

interface Flags {
  readonly builder?: string;
  readonly json?: boolean;
  readonly format?: string;
  readonly progress?: string;
}

export function historyCommand(io: Io): Command {
  const history = new Command('history')
    .summary('show past builds')
    .description('Shows the builds that a daemon remembers.');
  const add = (name: string, description: string) =>
    history.command(name).description(description).option('--builder <address>', 'the daemon');
  add('ls', 'list the builds, the newest first')
    .addOption(formatOption('builds', ['table', 'json']))
    .option('--json', 'short for --format=json')
    .action((flags: Flags) =>
      withConnection(flags.builder, io, async (connection, { listHistory }) => {
        const records = await listHistory(connection);
        if (flags.json || flags.format === 'json') {
          for (const record of records) await io.writeStdout(`${JSON.stringify(record)}\n`);
          return;
        }
        const { formatTable } = await import('./table.ts');
        await io.print(formatTable([['BUILD', 'NAME', 'STATUS', 'STEPS', 'CREATED', 'DURATION'], ...records.map(row)]));
      }),
    );
  const inspect = add('inspect <ref>', 'show all that is known of a build, as JSON');
  inspect.addOption(formatOption('builds', ['json'])).action((ref: string, flags: Flags) =>
    withConnection(flags.builder, io, async (connection, { listHistory, readBlob }) => {
      const record = find(await listHistory(connection, idOf(ref)), idOf(ref));
      const attachments: object[] = [];
      for (const blob of record.blobs) {
        if (!blob.mediaType.includes('json')) continue;
        const text = Buffer.from(await readBlob(connection, blob.digest)).toString();
        attachments.push({ ...blob, content: JSON.parse(text) as unknown });
      }
      await io.writeStdout(`${JSON.stringify({ ...record, attachments }, null, 2)}\n`);
    }),
  );
  add('logs <ref>', 'show the progress of a build')
    .addOption(new Option('--progress <mode>', 'how it is shown').choices(['plain', 'rawjson']).default('plain'))
    .action((ref: string, flags: Flags) =>
      withConnection(flags.builder, io, async (connection, { createDisplay, historyLogs, showProgress }) => {
        const display = await createDisplay((flags.progress ?? 'plain') as ProgressMode, io.stdout, io.env);
        await showProgress(historyLogs(connection, idOf(ref)), display);
      }),
    );
  add('rm <ref...>', 'forget builds').action((refs: string[], flags: Flags) =>
    withConnection(flags.builder, io, async (connection, { deleteHistory }) => {
      for (const ref of refs) await deleteHistory(connection, idOf(ref));
    }),
  );
  return history;
}

function row(record: HistoryRecord): string[] {
  const { createdAt, completedAt } = record;
  const seconds = createdAt && ((completedAt?.getTime() ?? Date.now()) - createdAt.getTime()) / 1000;
  const steps = `${record.completedSteps}/${record.totalSteps} (${record.cachedSteps} cached)`;
  return [record.ref, buildName(record), record.status, steps, since(createdAt), `${seconds?.toFixed(1) ?? ''}s`];
}

/** What was built: its image, or its context. */
function buildName({ frontendAttrs, exporterResponse }: HistoryRecord): string {
  const target = frontendAttrs['target'] ? ` (${frontendAttrs['target']})` : '';
  return (exporterResponse['image.name'] ?? frontendAttrs['context'] ?? frontendAttrs['filename'] ?? '') + target;
}

/** Docker and metadata files name a build BUILDER/NODE/REF. */
function idOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

function find(records: readonly HistoryRecord[], ref: string): HistoryRecord {
  const record = records.find((it) => it.ref === ref);
  if (!record) throw new Error(`the daemon knows no build ${ref}`);
  return record;
}
