import type { Finding, LintRule } from '../rule.ts';
import type { ShellCommand } from '../shell/command.ts';

/** A RUN ends by starting a service. */
export const serviceDoesNotLast: LintRule = {
  name: 'ServiceDoesNotLast',
  summary: 'Services are started by CMD or ENTRYPOINT.',
  why: 'A layer holds files and no processes. A service that a RUN starts ends with the RUN, so containers of the image do not have it. `systemctl` has no system manager to talk to in a build.',
  bad: [
    'FROM debian:13\nRUN service nginx start\n',
    'FROM debian:13\nRUN apt-get update && systemctl start nginx\n',
    'FROM debian:13\nRUN /etc/init.d/nginx restart\n',
  ],
  good: [
    'FROM debian:13\nCMD ["nginx", "-g", "daemon off;"]\n',
    'FROM debian:13\nRUN service mysql start && mysql -e "CREATE DATABASE a"\n',
    'FROM debian:13\nRUN systemctl enable nginx\n',
    'FROM debian:13\nRUN service --status-all && service ssh stop\n',
  ],
  level: 'warning',
  hadolint: 'DL3001',
  *find({ stages }): Generator<Finding> {
    for (const { runs } of stages) {
      for (const { instruction, script } of runs) {
        const last = script.commands.findLast(({ name }) => !/^(?:sleep|true|echo|exit|)$/.test(name));
        const service = last && !last.scopes.includes('substitution') ? startedService(last) : undefined;
        if (service === undefined) continue;
        yield {
          instruction,
          range: last!.range,
          message: `${service} ends with this RUN: a layer has files and no processes`,
          hint: 'Start it in CMD or ENTRYPOINT, in the foreground.',
        };
      }
    }
  },
};

/** The name of the service that a command starts; undefined for any other command. */
function startedService({ name, nameWord, args }: ShellCommand): string | undefined {
  const values = args.map(({ value, text }) => value ?? text).filter((value) => !value.startsWith('-'));
  const [first = '', second = ''] = values;
  if (name === 'service' && /^(?:start|restart)$/.test(second)) return first;
  if (name === 'systemctl' && /^(?:start|restart)$/.test(first)) return second;
  const isScript = nameWord?.value?.startsWith('/etc/init.d/');
  return isScript && /^(?:start|restart)$/.test(first) ? name : undefined;
}
