// A registry with faults, in front of a good one: faulty-registry.mjs PORT REGISTRY
// The repository says what goes wrong: /v2/FAULT/PHASE/NAME/… is NAME's, but PHASE fails with the status FAULT, or gets
// no answer (`stall`), or half of one (`cut`). Phases: manifest, config and layer when pulling, upload and commit when
// pushing. /v2/token/PORT/NAME/… wants a token of the service at PORT; that of the registry itself never answers.
// /v2/login/PORT/NAME/… takes any token of it.
import { createServer, request as forward } from 'node:http';

const [port, upstream] = process.argv.slice(2);
/** Digests: blobs are told apart by the manifests that went through. */
const layers = new Set();

/**
 * @param {string} method
 * @param {string} path
 */
function phaseOf(method, path) {
  if (path.includes('/manifests/')) return method === 'PUT' ? 'commit' : 'manifest';
  if (path.includes('/blobs/uploads/')) return 'upload';
  if (!path.includes('/blobs/') || method !== 'GET') return '';
  return layers.has(path.split('/').at(-1)) ? 'layer' : 'config';
}

/** @param {import('node:stream').Readable} manifest */
function noteLayers(manifest) {
  let text = '';
  manifest.on('data', (/** @type {string} */ chunk) => {
    text += chunk;
  });
  manifest.on('end', () => {
    for (const { digest } of JSON.parse(text).layers ?? []) layers.add(digest);
  });
}

createServer((request, response) => {
  const { url = '', method = 'GET' } = request;
  const [, fault, phase, rest] = /^\/v2\/([^/]+)\/([^/]+)\/(.+)$/.exec(url) ?? [];
  if (url.startsWith('/token')) return request.resume();
  if (fault === 'token' || (fault === 'login' && !request.headers.authorization)) {
    request.resume();
    response
      .writeHead(401, { 'www-authenticate': `Bearer realm="http://localhost:${phase}/token",service="faulty"` })
      .end();
    return;
  }
  const failing = rest !== undefined && phaseOf(method, `/${rest}`) === phase;
  if (failing && fault === 'stall') return request.resume();
  if (failing && fault === 'cut' && method !== 'GET') return request.socket.destroy();
  if (failing && fault !== 'cut') {
    const body = JSON.stringify({ errors: [{ code: 'FAULT', message: `told to answer ${fault}` }] });
    request.resume();
    response.writeHead(Number(fault), { 'content-type': 'application/json' }).end(body);
    return;
  }
  const path = rest === undefined ? url : `/v2/${rest}`;
  const there = forward(`http://${upstream}${path}`, { method, headers: request.headers }, (answer) => {
    const headers = { ...answer.headers };
    if (headers.location) headers.location = headers.location.replace('/v2/', `/v2/${fault}/${phase}/`);
    response.writeHead(answer.statusCode ?? 502, headers);
    if (path.includes('/manifests/') && method === 'GET') noteLayers(answer);
    if (!failing) return answer.pipe(response);
    answer.once('data', (chunk) => response.write(chunk.subarray(0, chunk.length / 2), () => response.destroy()));
  });
  there.on('error', () => response.destroy());
  request.pipe(there);
}).listen(Number(port), '127.0.0.1');
