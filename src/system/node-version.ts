/** The minimum version of Node, as in package.json. */
const minimum = [22, 18] as const;

/** The message for a Node older than `minimum`; undefined for any other. */
export function unsupportedNode(version = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > minimum[0] || (major === minimum[0] && minor >= minimum[1])) return undefined;
  return `tsfront needs Node ${minimum.join('.')} or newer, and this is Node ${version}: install a newer one (https://nodejs.org)`;
}
