// Serves the files of a directory: web-server.mjs DIRECTORY PORT.
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const [directory = '', port] = process.argv.slice(2);
createServer((request, response) => {
  try {
    const file = path.join(directory, path.normalize(new URL(request.url ?? '', 'http://localhost').pathname));
    const body = readFileSync(file);
    response.setHeader('last-modified', new Date(1_700_000_000_000).toUTCString());
    response.setHeader('etag', `"${statSync(file).size}"`);
    response.end(request.method === 'HEAD' ? undefined : body);
  } catch {
    response.writeHead(404).end();
  }
}).listen(Number(port), '127.0.0.1');
