/** The description that the comments above an instruction give of a name: `# name text`; '' if there is none. */
export function docComment(comments: readonly string[], name: string): string {
  if (name === '') return '';
  const start = `${name} `;
  return comments.find((comment) => comment.startsWith(start))?.slice(start.length) ?? '';
}
