/** @returns the digest */
export function pushLayout(folder: string, name: string): Promise<string>;
