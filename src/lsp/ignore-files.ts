/** The problems of an ignore file that is open. */
import path from 'node:path';
import { contextNames } from '../daemonless/context-names.ts';
import { dirTree } from '../daemonless/file-tree.ts';
import type { Diagnostic } from '../diagnostic/diagnostic.ts';
import { findIgnoreAdvice } from '../parser/ignore/advice.ts';
import { parseDockerignore } from '../parser/ignore/dockerignore.ts';
import type { OpenDocument } from './documents.ts';
import { ignoreSource } from './workspace.ts';

/** The lines of an ignore file that do something else than they seem to. */
export async function ignoreFileProblems(document: OpenDocument): Promise<readonly Diagnostic[]> {
  const source = ignoreSource(document);
  const isGeneral = path.basename(document.path ?? '').startsWith('.');
  // A file for one Dockerfile need not be in its context.
  const tree = document.path !== undefined && isGeneral ? dirTree(path.dirname(document.path)) : undefined;
  const names = tree && (await contextNames(tree, patternsOf(source.text)));
  return findIgnoreAdvice(source, names).warnings.map(({ file: _, ...problem }) => problem);
}

function patternsOf(text: string): readonly string[] {
  try {
    return parseDockerignore(text);
  } catch {
    return [];
  }
}
