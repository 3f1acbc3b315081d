export function runtimeNotices(root: string, nodeLicence: string, libraries: readonly string[]): string;
