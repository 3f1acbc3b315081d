/** Documents in Markdown: what is in them, for tests that hold them true. */

export interface CodeBlock {
  /** What stands behind the opening fence: `ts`, `console`; '' for none. */
  readonly language: string;
  /** Without the indentation of the fence. */
  readonly text: string;
  /** The last line of text before it. */
  readonly before: string;
  /** Number of the line of the opening fence, from 1. */
  readonly line: number;
}

/** The fenced blocks of a document, in its order. */
export function codeBlocks(document: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  for (const match of document.matchAll(/^( *)```([a-z]*)\n(.*?)^ *```$/gms)) {
    const [, indent = '', language = '', text = ''] = match;
    const above = document.slice(0, match.index);
    blocks.push({
      language,
      text: indent === '' ? text : text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      before: above.trimEnd().split('\n').at(-1) ?? '',
      line: above.split('\n').length,
    });
  }
  return blocks;
}
