export function bundledPackages(bundles: readonly object[]): Promise<Map<string, Set<string>>>;
export function readNotice(
  root: string,
  directory: string,
  files: ReadonlySet<string>,
): { name: string; version: string; license: string; texts: string[] };
