import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WriteKeyUnusable } from '../errors.ts';
import { tolerate } from './errors.ts';

const MIN_LENGTH = 16;

/**
 * The key that may write, kept in `<directory>/api-key` (mode 600): 32 random bytes as base64url,
 * made the first time. Processes that make it at the same moment get the same one.
 *
 * @throws WriteKeyUnusable when the file was emptied, or holds fewer than 16 characters
 */
export async function readOrCreateWriteKey(directory: string): Promise<string> {
  const file = join(directory, 'api-key');
  const text = await readFile(file, 'utf8').catch(tolerate('ENOENT'));
  const key = (text ?? (await createKey(directory, file))).trim();
  if (key.length < MIN_LENGTH) throw new WriteKeyUnusable(file, MIN_LENGTH);
  return key;
}

/** A hard link appears whole or not at all, and never replaces the key of a process that was faster. */
async function createKey(directory: string, file: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true });
  await link(draft, file)
    .catch(tolerate('EEXIST'))
    .finally(() => rm(draft));
  return readFile(file, 'utf8');
}
