import { spawnSync } from 'node:child_process';
import { lstatSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { EnvFileNotText, EnvFileUnreadable } from '../errors.ts';
import { codeOf } from './fields.ts';

/** How long a pipe in place of a file is waited for. Milliseconds. */
const PIPE_MS = 5_000;

type Environment = Record<string, string | undefined>;

/** Whether a variable has a value: one that is empty, or has nothing but blanks, counts as unset. */
const isSet = (value: string | undefined): value is string => value !== undefined && value.trim() !== '';

/**
 * The environment and what `.env` adds to it, as every program of this checkout reads it: a variable that the environment
 * sets is never overridden, and one that counts as unset is removed. Changes `env`, which it returns, because libraries
 * read `process.env` too.
 *
 * @throws an Error of one line when there is a `.env` that cannot be read as text
 */
export function loadEnvironment(
  env: Environment = process.env,
  file = '.env',
  pipeMs = PIPE_MS,
): Environment {
  const added = parseEnv(readText(resolve(file), pipeMs));
  for (const [name, value] of Object.entries({ ...added, ...withoutUnset(env) })) env[name] = value;
  for (const name of Object.keys(env)) if (!isSet(env[name])) delete env[name];
  return env;
}

/** The variables of `env` that have a value. */
export function withoutUnset(env: Readonly<Environment>): Record<string, string> {
  const entries = Object.entries(env);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => isSet(entry[1])));
}

/** UTF-8, with or without a byte-order mark, its lines ended as any system ends them; nothing where there is no file. */
function readText(file: string, pipeMs: number): string {
  const bytes = readBytes(file, pipeMs);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text.replace(/\r\n?/g, '\n');
  } catch {}
  throw new EnvFileNotText(file, bytes.includes(0) ? 'it looks like UTF-16' : 'it has other bytes');
}

function readBytes(file: string, pipeMs: number): Buffer {
  try {
    if (!lstatSync(file, { throwIfNoEntry: false })) return Buffer.alloc(0);
    // Fails where it is a link to nothing: what it was to set would be missing.
    if (!statSync(file).isFIFO()) return readFileSync(file);
  } catch (error) {
    throw new EnvFileUnreadable(file, String(codeOf(error)));
  }
  const { status, stdout } = spawnSync('cat', [file], { timeout: pipeMs }); // A program that keeps secrets writes it.
  if (status !== 0) throw new EnvFileUnreadable(file, 'nothing came through the pipe');
  return stdout;
}
