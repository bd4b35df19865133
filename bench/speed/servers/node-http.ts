import { createServer } from 'node:http';
import { CONTENT_TYPE } from '../pages.ts';
import { pages, port } from './given.ts';

/** The yardstick: Node's own server, which writes a buffer and does nothing else. */

const { identity, gzip } = await pages();
const plain = { 'content-type': CONTENT_TYPE, 'content-length': identity.length };
const compressed = {
  'content-type': CONTENT_TYPE,
  'content-length': gzip.length,
  'content-encoding': 'gzip',
};

createServer((request, response) => {
  if (request.url === '/gzip') response.writeHead(200, compressed).end(gzip);
  else response.writeHead(200, plain).end(identity);
}).listen(port, '127.0.0.1');
