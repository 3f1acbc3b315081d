/** `tsfront workers`: the workers of a daemon. */
import { Command } from '@commander-js/extra-typings';
import { printableLine } from '../../text/printable.ts';
import { redactedJson } from '../../text/redact.ts';
import type { Io } from '../io.ts';
import { options } from '../options/options.ts';
import { withConnection } from '../with-connection.ts';

export function workersCommand(io: Io) {
  return new Command('workers')
    .summary('show the workers of a daemon')
    .description('Lists the workers of a daemon, their platforms and labels.')
    .addOption(options.builder)
    .addOption(options.json)
    .action(async (flags) => {
      await withConnection(flags.builder, io, async (connection, { daemonVersion, listWorkers }) => {
        const workers = await listWorkers(connection);
        if (flags.json) {
          await io.writeStdout(`${redactedJson(workers, 2)}\n`);
          return;
        }
        const version = await daemonVersion(connection);
        const about = version ? `, BuildKit ${version}` : '';
        await io.print(`${printableLine(`${connection.address} (${connection.kind}${about})`)}\n`);
        for (const worker of workers) {
          await io.print(`\n${printableLine(worker.id)}\n  ${printableLine(worker.platforms.join(', '))}\n`);
          for (const [name, value] of Object.entries(worker.labels))
            await io.print(`  ${printableLine(`${name}: ${value}`)}\n`);
        }
      });
    });
}
