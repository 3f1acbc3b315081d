export function parseTxtar(text: string): { comment: string; files: Map<string, string | Buffer> };
