/** Debian's headless chromium, unpacked into a private root (install.sh), for pages that are files. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const root = path.join(process.env['ENGINE_HOME'] ?? '/var/lib/bk-engine', 'chromium');

const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];

/**
 * Registers a describe block for a browser, which is fetched if it is not here. Where it cannot be had, the tests are
 * skipped with a message; in CI they fail.
 */
export function onChromium(title: string, body: () => void): void {
  const installed = spawnSync(path.join(import.meta.dirname, 'install.sh'), { encoding: 'utf8', timeout: 600_000 });
  if (installed.status === 0) {
    describe(title, body);
    return;
  }
  const reason = installed.error?.message ?? installed.stderr.trim();
  if (process.env['CI'] === 'true') {
    test(title, () => expect.fail(reason));
  } else {
    console.warn(`\n*** SKIPPED ${title}: ${reason}\n`);
    test.skip(`${title}: ${reason}`, () => {});
  }
}

/** Opens a page without a network, and returns it as it is when nothing is left to wait for. */
export async function dumpPage(html: string): Promise<string> {
  const dir = mkdtempSync(path.join(root, 'tmp/page-'));
  try {
    writeFileSync(path.join(dir, 'index.html'), html);
    const inside = `/tmp/${path.basename(dir)}`;
    const command = [
      ...['/usr/lib/chromium/chromium', ...flags, `--user-data-dir=${inside}/profile`],
      ...['--virtual-time-budget=600000', '--dump-dom', `file://${inside}/index.html`],
    ];
    const script = 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
    const { stdout } = await promisify(execFile)(
      'unshare',
      ['--mount', '--pid', '--fork', '--kill-child', '--net', 'sh', '-c', script, root, ...command],
      { env: { HOME: inside, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, maxBuffer: 1 << 28, timeout: 120_000 },
    );
    return stdout;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
