import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { untraced } from '../../../support/untraced.ts';
import { readArguments, USAGE } from '../../fixtures/forwarding.ts';

/** The fixture as a process of its own, as it is started by hand. */
function start(t: Test, ...args: readonly string[]) {
  const program = join(packageRoot, 'dist/test/fixtures/forward.js');
  const child = spawn(...untraced(process.execPath, [program, ...args]), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

t.test('the fixture is a cache on one port before what listens on another', async (t) => {
  let requests = 0;
  const origin = createServer((_, response) => {
    requests += 1;
    response.writeHead(200, { 'cache-control': 'max-age=60' }).end(`request ${requests}`);
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  t.teardown(() => {
    origin.closeAllConnections();
    origin.close();
  });
  const { port } = origin.address() as AddressInfo;
  const child = start(t, '0', `http://127.0.0.1:${port}`);
  const [line] = await once(child.stdout, 'data');
  const [, address = ''] = /^(http:\S+) forwards to http:/.exec(String(line)) ?? [];
  t.match(address, /^http:\/\/127\.0\.0\.1:\d+$/);
  for (const status of [/fwd=uri-miss/, /; hit; ttl=/]) {
    const response = await fetch(address);
    t.equal(await response.text(), 'request 1');
    t.match(response.headers.get('cache-status'), status);
  }
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  t.equal(code, 0);
});

t.test('the fixture without what it needs says how it is used, and exits with 2', async (t) => {
  const child = start(t);
  const said = child.stderr.toArray();
  const [code] = await once(child, 'close');
  t.equal(code, 2);
  t.equal(String(Buffer.concat(await said)), USAGE);
});

t.test('it takes a port and an URL, and nothing else', async (t) => {
  for (const given of [['8081'], ['port', 'http://127.0.0.1'], ['8081', 'origin']])
    t.equal(readArguments(given), undefined, String(given));
});
