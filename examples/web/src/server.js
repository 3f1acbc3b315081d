import { createServer } from 'node:http';

createServer((request, response) => {
  response.end(request.url === '/healthz' ? 'ok\n' : 'hello\n');
}).listen(8080);
