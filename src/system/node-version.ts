/** The Node that this package needs, as package.json says. */
const minimum = [22, 12] as const;

/** What to tell someone whose Node is older than 22.12; undefined if it is not. */
export function oldNode(version = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > minimum[0] || (major === minimum[0] && minor >= minimum[1])) return undefined;
  return `tsfront needs Node ${minimum.join('.')} or newer, and this is Node ${version}: install a newer one (https://nodejs.org)`;
}
