/**
 * The regular files of a checkout that the repository has as they were, and the directories around them. The checkout
 * is without them, until somebody reads them by their paths in it. All paths are those in the checkout, with slashes;
 * '' is its top.
 */
import { mkdirSync } from 'node:fs';
import { constants, copyFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { FileTree } from '../daemonless/file-tree.ts';
import { clean } from '../go/path.ts';
import { onDisk } from '../system/file-name.ts';
import type { FilesElsewhere } from '../tree/walk.ts';

/** Files that a checkout is without. */
export class UnchangedFiles {
  private readonly root: string;
  private readonly repository: string;
  /** Names by the paths of their directories. */
  private readonly names = new Map<string, Map<string, 'file' | 'directory'>>();
  private readonly links = new Set<string>();
  private readonly filled = new Set<string>();
  private filling = Promise.resolve();

  /** @param root the real path of the checkout @param repository that of what it is a checkout of */
  constructor(root: string, repository: string) {
    this.root = root;
    this.repository = repository;
  }

  /** Adds a file that the checkout is without. */
  add(file: string): void {
    this.addName(file, 'file');
  }

  private addName(file: string, kind: 'file' | 'directory'): void {
    const dir = directoryOf(file);
    let names = this.names.get(dir);
    if (!names) {
      this.names.set(dir, (names = new Map()));
      if (dir !== '') this.addName(dir, 'directory');
    }
    names.set(path.posix.basename(file), kind);
  }

  /** Adds a symbolic link of the checkout. */
  addLink(file: string): void {
    this.links.add(file);
  }

  /** The files that a directory is without, for a walk; undefined if it is not in the checkout. */
  below(dir: string): FilesElsewhere | undefined {
    const top = this.inside(dir);
    if (top === undefined) return undefined;
    const names = (below: string) => this.names.get(top === '' || below === '' ? top + below : `${top}/${below}`);
    return { root: path.join(this.repository, top), names };
  }

  /**
   * Copies the files that are directly in a directory into the checkout, and those that links in it lead to: what a
   * frontend reads is there. Nothing happens for a directory elsewhere.
   */
  fill(dir: string): Promise<void> {
    const inside = this.inside(dir);
    if (inside !== undefined && !this.filled.has(inside))
      this.filling = this.filling.then(() => this.fillInside(inside));
    return this.filling;
  }

  /** The files of a directory in the checkout: those that are asked for are copied before. */
  fillingTree(dir: string, tree: FileTree): FileTree {
    const full = (asked: string) => path.join(dir, clean(`/${asked}`));
    const fillBeside = (asked: string) => this.fill(path.dirname(full(asked)));
    const { readStart } = tree;
    return {
      ...tree,
      readFile: (asked) => fillBeside(asked).then(() => tree.readFile(asked)),
      ...(readStart && { readStart: (asked, bytes) => fillBeside(asked).then(() => readStart(asked, bytes)) }),
      stat: (asked) =>
        fillBeside(asked)
          .then(() => this.fill(full(asked)))
          .then(() => tree.stat(asked)),
      readDir: (asked) => this.fillWithDirectories(full(asked)).then(() => tree.readDir(asked)),
    };
  }

  /** The same; the directories in it are there, too. */
  private async fillWithDirectories(dir: string): Promise<void> {
    await this.fill(dir);
    for (const [name, kind] of this.names.get(this.inside(dir) ?? '/') ?? [])
      if (kind === 'directory') await this.fill(path.join(dir, name));
  }

  private async fillInside(dir: string): Promise<void> {
    if (this.filled.has(dir)) return;
    this.filled.add(dir);
    const names = this.names.get(dir);
    if (names) mkdirSync(onDisk(path.join(this.root, dir)), { recursive: true });
    for (const [name, kind] of names ?? []) {
      if (kind === 'directory') continue;
      const [from, to] = [this.repository, this.root].map((top) => onDisk(path.join(top, dir, name)));
      // What cannot be read is as if it were missing: the walk complains if the build takes it.
      await copyFile(from!, to!, constants.COPYFILE_FICLONE).catch(() => {});
    }
    // A path through a link may lead anywhere.
    for (let up = dir; up !== ''; up = directoryOf(up))
      if (this.links.has(up)) for (const other of this.names.keys()) await this.fillInside(other);
    for (const link of this.links) {
      if (directoryOf(link) !== dir) continue;
      const target = await readlink(onDisk(path.join(this.root, link))).catch(() => '.');
      const inside = this.inside(path.resolve(this.root, dir, target));
      if (inside === undefined) continue;
      await this.fillInside(directoryOf(inside));
      await this.fillInside(inside);
    }
  }

  private inside(dir: string): string | undefined {
    const relative = path.relative(this.root, path.resolve(dir)).replaceAll(path.sep, '/');
    return relative === '..' || relative.startsWith('../') || path.isAbsolute(relative) ? undefined : relative;
  }
}

const directoryOf = (file: string) => file.slice(0, Math.max(0, file.lastIndexOf('/')));
