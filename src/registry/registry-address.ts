/** Addresses of registries. */

/** The address of a registry, from its name in references. Registries on this machine use http, all others https. */
export function registryAddress(domain: string): URL {
  // Docker Hub's host differs from the name in its references.
  const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain;
  const address = URL.parse(`https://${host}`);
  if (!address || address.host === '') throw new Error(`${JSON.stringify(domain)} is not a host of a registry`);
  if (isThisMachine(address)) return new URL(`http://${host}`);
  return address;
}

/** Whether a text is a registry's `HOST` or `HOST:PORT` alone: further parts of an address could name another host. */
export function isRegistryHost(text: string): boolean {
  return /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d+)?$/.test(text) && URL.canParse(`https://${text}`);
}

/** Whether an address is on this machine, so that its traffic cannot be read on a network. */
export function isThisMachine({ hostname }: URL): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/** The same host and port by https. */
export function encrypted(address: URL): URL {
  const secure = new URL(address);
  secure.protocol = 'https:';
  return secure;
}
