import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tolerate } from './errors.ts';

/**
 * `<directory>/database-url` (mode 600), for `psql "$(cat .data/database-url)"`, and what keeps the
 * port the same from one start to the next.
 */
export async function writeUrl(file: string, url: string): Promise<void> {
  if ((await readUrl(file)) === url) return;
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${url}\n`, { mode: 0o600 });
  await rename(draft, file);
}

/** The port of the last start if it is free, else any free one. */
export async function choosePort(file: string): Promise<number> {
  const last = Number(/:(\d+)\/\w+/.exec(await readUrl(file))?.[1] ?? 0);
  return freePort(last).catch(() => freePort(0));
}

async function readUrl(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(tolerate('ENOENT'));
  return text?.trim() ?? '';
}

/** Rejects if the port is in use; 0 stands for any. */
async function freePort(port: number): Promise<number> {
  const server = createServer().listen({ port, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  server.close();
  await once(server, 'close');
  return address.port;
}
