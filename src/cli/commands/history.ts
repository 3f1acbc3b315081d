/** `tsfront history`: the builds a daemon remembers. */
import { Command } from '@commander-js/extra-typings';
import type { HistoryRecord } from '../../client/index.ts';
import { redactedJson } from '../../text/redact.ts';
import type { Io } from '../io.ts';
import { options } from '../options/options.ts';
import { timeSince } from '../time-since.ts';
import { withConnection } from '../with-connection.ts';

export function historyCommand(io: Io) {
  return new Command('history')
    .summary('show past builds')
    .description('Shows the builds that a daemon remembers.')
    .addCommand(lsCommand(io))
    .addCommand(inspectCommand(io))
    .addCommand(logsCommand(io))
    .addCommand(rmCommand(io));
}

function lsCommand(io: Io) {
  return new Command('ls')
    .description('Lists the builds, the newest first.')
    .addOption(options.builder)
    .addOption(options.buildsFormat)
    .addOption(options.shortForJson)
    .action((flags) =>
      withConnection(flags.builder, io, async (connection, { listHistory }, place) => {
        const records = await listHistory(connection);
        if (flags.json || flags.format === 'json') {
          // The names of builds as metadata files have them.
          const named = (ref: string) => (place === undefined ? ref : `${place}/${ref}`);
          for (const record of records)
            await io.writeStdout(`${redactedJson({ ...record, ref: named(record.ref), name: buildName(record) })}\n`);
          return;
        }
        const { formatTable } = await import('../format-table.ts');
        await io.print(formatTable([['BUILD', 'NAME', 'STATUS', 'STEPS', 'CREATED', 'DURATION'], ...records.map(row)]));
      }),
    );
}

function inspectCommand(io: Io) {
  return new Command('inspect')
    .description('Shows everything that is known about a build, as JSON.')
    .argument('<ref>')
    .addOption(options.builder)
    .addOption(options.buildFormat)
    .action((ref, flags) =>
      withConnection(flags.builder, io, async (connection, { listHistory, readBlob }) => {
        const record = find(await listHistory(connection, idOf(ref)), idOf(ref));
        const attachments: object[] = [];
        for (const blob of record.blobs) {
          if (!blob.mediaType.includes('json')) continue;
          const text = Buffer.from(await readBlob(connection, blob.digest)).toString();
          attachments.push({ ...blob, content: JSON.parse(text) as unknown });
        }
        await io.writeStdout(`${redactedJson({ ...record, name: buildName(record), attachments }, 2)}\n`);
      }),
    );
}

function logsCommand(io: Io) {
  return new Command('logs')
    .description('Shows the progress of a build.')
    .argument('<ref>')
    .addOption(options.builder)
    .addOption(options.logsProgress)
    .action((ref, flags) =>
      withConnection(flags.builder, io, async (connection, { createDisplay, historyLogs, showProgress }) => {
        const display = await createDisplay(flags.progress, io.stdout, io.env);
        await showProgress(historyLogs(connection, idOf(ref)), display, io.signal);
      }),
    );
}

function rmCommand(io: Io) {
  return new Command('rm')
    .description('Removes builds from the history.')
    .argument('<ref...>')
    .addOption(options.builder)
    .action((refs, flags) =>
      withConnection(flags.builder, io, async (connection, { deleteHistory }) => {
        for (const ref of refs) await deleteHistory(connection, idOf(ref));
      }),
    );
}

function row(record: HistoryRecord): string[] {
  const { createdAt, completedAt } = record;
  const seconds = createdAt && ((completedAt?.getTime() ?? Date.now()) - createdAt.getTime()) / 1000;
  const steps = `${record.completedSteps}/${record.totalSteps} (${record.cachedSteps} cached)`;
  return [record.ref, buildName(record), record.status, steps, timeSince(createdAt), `${seconds?.toFixed(1) ?? ''}s`];
}

/** The name of the build, or what it built: its image or its context. */
function buildName({ frontendAttrs, exporterResponse }: HistoryRecord): string {
  const given = frontendAttrs['build-arg:BUILDKIT_BUILD_NAME'];
  if (given) return given;
  const context = frontendAttrs['context'] ?? frontendAttrs['vcs:source'] ?? frontendAttrs['filename'];
  const target = frontendAttrs['target'] ? ` (${frontendAttrs['target']})` : '';
  return (exporterResponse['image.name'] ?? context ?? '') + target;
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
