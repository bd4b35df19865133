import { readFile, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

export type Encoding = 'identity' | 'gzip';

/** The list of listings as the service answers it in one encoding. */
export interface Page {
  readonly body: Buffer;
  readonly etag: string;
}

export type Pages = Readonly<Record<Encoding, Page | undefined>>;

export const CONTENT_TYPE = 'application/json; charset=utf-8';

/** What the service may take until it has compressed a page. Milliseconds. */
const COMPRESSION_MS = 15_000;

const POLL_MS = 50;

/** Asks a server on this machine for anything. */
export async function ask(
  port: number,
  path: string,
  { body, ...options }: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const sent = request({ host: '127.0.0.1', port, path, ...options }).end(body);
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    sent.on('response', resolve).on('error', reject),
  );
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
}

/** What the service sends; no page in an encoding that it does not send in time. */
export async function fetchPages(port: number, path: string): Promise<Pages> {
  const identity = await fetchPage(port, path, 'identity', 0);
  return { identity, gzip: await fetchPage(port, path, 'gzip', COMPRESSION_MS) };
}

async function fetchPage(port: number, path: string, encoding: Encoding, patience: number) {
  const end = performance.now() + patience;
  for (;;) {
    const answer = await ask(port, path, { headers: { 'accept-encoding': encoding } });
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
    const { 'content-encoding': sent = 'identity', etag = '' } = answer.headers;
    if (sent === encoding) return { body: answer.body, etag };
    if (performance.now() > end) return undefined;
    await delay(POLL_MS);
  }
}

/** For the servers that answer with the same bytes. */
export async function writePages(folder: string, { identity, gzip }: Pages): Promise<void> {
  await writeFile(join(folder, 'identity'), identity?.body ?? '');
  await writeFile(join(folder, 'gzip'), gzip?.body ?? '');
}

export async function readPages(folder: string): Promise<Readonly<Record<Encoding, Buffer>>> {
  const [identity, gzip] = await Promise.all([
    readFile(join(folder, 'identity')),
    readFile(join(folder, 'gzip')),
  ]);
  return { identity, gzip };
}
