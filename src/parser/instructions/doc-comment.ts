/** The description of a name in the comments above an instruction, `# name text`; '' if absent. */
export function docComment(comments: readonly string[], name: string): string {
  if (name === '') return '';
  const start = `${name} `;
  return comments.find((comment) => comment.startsWith(start))?.slice(start.length) ?? '';
}
