/** Where a registry is. */

/** The address of the registry that references name. Registries on this machine speak http, all others https. */
export function registryAddress(domain: string): URL {
  // Docker Hub lives at another name than its references say.
  const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain;
  const address = URL.parse(`https://${host}`);
  if (!address || address.host === '') throw new Error(`${JSON.stringify(domain)} is no host of a registry`);
  if (isThisMachine(address)) return new URL(`http://${host}`);
  return address;
}

/** Whether an address stays on this machine, where nobody listens in. */
export function isThisMachine({ hostname }: URL): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** The same host and port by https. */
export function encrypted(address: URL): URL {
  const secure = new URL(address);
  secure.protocol = 'https:';
  return secure;
}
