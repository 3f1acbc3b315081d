/**
 * A case of the acceptance corpus: a Dockerfile with its context, built by the engine's own frontend and by tsfront.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Suite } from '../engine/engine.ts';

/** The suites whose own frontend is later than that of Docker 20.10, which is 1.2. */
export const newer: readonly Suite[] = ['forky', 'trixie'];

export interface ContextFile {
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  readonly link?: string;
}

export interface Case {
  readonly name: string;
  /** `@BASE@`, `@ONBUILD@`, `@HTTP@` and `@GIT@` stand for what the engine's fixtures are called. */
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, string | ContextFile>>;
  /** More arguments of `docker build`; the same stand-ins hold, and `@CONTEXT@` is the directory of the context. */
  readonly args?: readonly string[];
  /**
   * The suites whose own frontend can build this too; all by default. Elsewhere tsfront must make what `makes` says.
   */
  readonly comparable?: readonly Suite[];
  /** The files of the image, those of its base left out, as `path mode owner`. */
  readonly makes?: readonly string[];
  /** Why a suite's daemon, or its docker command, cannot build it at all, whatever the frontend. */
  readonly not?: Partial<Record<Suite, string>>;
  /**
   * Why the engine's own, older frontend makes other steps, by suite: then only the files and the config are compared.
   */
  readonly otherCache?: Partial<Record<Suite, string>>;
  /** Why its image config is another one, by suite: then only the files are compared. */
  readonly otherConfig?: Partial<Record<Suite, string>>;
}

/** Writes a context into a new directory with fixed times. Returns the directory; the caller removes it. */
export function writeContext(files: NonNullable<Case['files']>): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'tsfront-e2e-'));
  for (const [name, given] of Object.entries(files)) {
    const file = typeof given === 'string' ? { content: given } : given;
    const target = path.join(dir, name);
    if (name.endsWith('/')) {
      mkdirSync(target, { recursive: true });
      continue;
    }
    mkdirSync(path.dirname(target), { recursive: true });
    if (file.link !== undefined) {
      symlinkSync(file.link, target);
      continue;
    }
    writeFileSync(target, file.content ?? '');
    chmodSync(target, file.mode ?? 0o644);
    utimesSync(target, 1_700_000_000, 1_700_000_000);
  }
  return dir;
}

export function removeContext(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}
