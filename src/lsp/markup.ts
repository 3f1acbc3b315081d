/** Descriptions in the form that the editor shows: Markdown, or plain text. */
import { type MarkupContent, MarkupKind } from 'vscode-languageserver/node';

/** A description. @param value Markdown */
export function markup(value: string, takesMarkdown: boolean): MarkupContent {
  return takesMarkdown ? { kind: MarkupKind.Markdown, value } : { kind: MarkupKind.PlainText, value: plainText(value) };
}

/** Markdown of our own without its marks: code, emphasis, links and lines between parts. */
export function plainText(markdown: string): string {
  let isCode = false;
  const lines = markdown.split('\n').flatMap((line) => {
    if (/^`{3,}/.test(line)) {
      isCode = !isCode;
      return [];
    }
    if (isCode) return [line];
    if (line === '---') return [];
    return [
      line
        .replace(/\[([^\]]*)\]\(([^)]*)\)/g, '$1: $2')
        .replace(/\*\*([^*]+)\*\*/g, '$1')
        .replace(/(`+) ?(.*?) ?\1/g, '$2'),
    ];
  });
  return lines.join('\n').replace(/\n{3,}/g, '\n\n');
}
