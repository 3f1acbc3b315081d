import { expect, test } from 'vitest';
import { checkExposeInvalidFormat } from '../../../src/buildkit-rules/rules/expose-invalid-format.ts';
import { lines, reported } from './findings.ts';

test('ExposeInvalidFormat reports an address or a port of the host', () => {
  const check = (port: string, ip: string, hostPort: string) =>
    reported((linter) => checkExposeInvalidFormat(linter, { lines }, port, { ip, hostPort }));
  expect(check('127.0.0.1:80:81', '127.0.0.1', '80')).toEqual([
    "ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:81' (line 1)",
  ]);
  expect(check('80:81', '', '80')).toHaveLength(1);
  expect(check('81', '', '')).toEqual([]);
});
