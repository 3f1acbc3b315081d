/** Pushes an OCI layout to a registry that asks for no credentials, as the tests' registries do. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @param {string} directory of the layout
 * @param {string} name `host/repository:tag`; a registry on localhost speaks http
 * @returns {Promise<string>} the digest under that name
 */
export async function pushLayout(directory, name) {
  const [, host, repository, tag = ''] = /^([^/]+)\/(.+):([^:/]+)$/.exec(name) ?? [];
  if (!host) throw new Error(`not a name to push to: ${name}`);
  const base = `${/^(localhost|127\.)/.test(host) ? 'http' : 'https'}://${host}/v2/${repository}`;
  /** @param {string} digest */
  const blob = (digest) => readFileSync(path.join(directory, 'blobs', digest.replace(':', '/')));
  /**
   * @param {string} method
   * @param {string | URL} url
   */
  const call = async (method, url, init = {}) => {
    const response = await fetch(url, { method, ...init });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
    return response;
  };
  /** @param {{ digest: string }} options */
  const pushBlob = async ({ digest }) => {
    if ((await fetch(`${base}/blobs/${digest}`, { method: 'HEAD' })).ok) return;
    const location = new URL((await call('POST', `${base}/blobs/uploads/`)).headers.get('location') ?? '', base);
    location.searchParams.set('digest', digest);
    await call('PUT', location, { body: blob(digest), headers: { 'content-type': 'application/octet-stream' } });
  };
  /**
   * @param {{ digest: string, mediaType: string }} options
   * @param {string} reference
   */
  const pushManifest = async ({ digest, mediaType }, reference) => {
    const body = blob(digest);
    const { manifests = [], config, layers = [] } = JSON.parse(body.toString());
    for (const child of manifests) await pushManifest(child, child.digest);
    for (const child of config ? [config, ...layers] : []) await pushBlob(child);
    await call('PUT', `${base}/manifests/${reference}`, { body, headers: { 'content-type': mediaType } });
  };
  const { manifests } = JSON.parse(readFileSync(path.join(directory, 'index.json'), 'utf8'));
  await pushManifest(manifests[0], tag);
  return manifests[0].digest;
}
