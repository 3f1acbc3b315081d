/** Shows a file in the user's browser. */
import { pathToFileURL } from 'node:url';
import { startApart } from './subprocess.ts';

/** The program of a system that opens files with what its user has chosen, and its arguments before the file. */
const openers: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/**
 * Opens a file in the browser, which outlives this process.
 *
 * @param platform that of this machine
 * @throws SubprocessError if the system has no program for it, or the program finds no browser
 */
export async function openInBrowser(file: string, platform: string = process.platform): Promise<void> {
  const [program, ...args] = openers[platform] ?? ['xdg-open'];
  await startApart(program, [...args, pathToFileURL(file).href]);
}
