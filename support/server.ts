import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/platform/package-root.ts';
import type { Scope } from './scope.ts';
import { untraced } from './untraced.ts';

export interface Server {
  readonly process: ChildProcess;
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
  /** Everything it has printed so far. */
  output(): string;
  errors(): string;
  /** Sends the signal and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own, as the checkout that a server runs in; gone after the test. */
export async function checkout(t: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'property-listings-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The real process, ready to answer; any free port, and the service's own program, unless told otherwise. */
export async function startServer(
  t: Scope,
  cwd: string,
  env: Record<string, string> = {},
  program?: string,
): Promise<Server> {
  const { child, output, errors } = launch(cwd, { PORT: '0', ...env }, program);
  const ended = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  t.teardown(() => stop('SIGTERM'));
  for (;;) {
    const address = /^Listening on (http:\S+?)\/properties/m.exec(output())?.[1];
    if (address) return { process: child, address, output, errors, stop };
    const code = await Promise.race([ended, once(child.stdout, 'data').then(() => undefined)]);
    if (code !== undefined) throw new Error(`the server ended with ${code}: ${output()}`);
  }
}

/** The processes that it has started: its workers. */
export function childrenOf({ process: { pid } }: Server): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** The real process, interrupted as soon as it has printed what `seen` matches. */
export async function interruptServer(
  cwd: string,
  seen: RegExp,
  env: Record<string, string> = {},
): Promise<Ended> {
  const { child, output, errors } = launch(cwd, { PORT: '0', ...env });
  while (!seen.test(output())) await once(child.stdout, 'data');
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  return { code, stdout: output(), stderr: errors() };
}

/** The real process, run to its end. */
export async function runServer(cwd: string, env: Record<string, string>): Promise<Ended> {
  const { child, output, errors } = launch(cwd, env);
  const [code] = await once(child, 'close');
  return { code, stdout: output(), stderr: errors() };
}

function launch(cwd: string, env: Record<string, string>, program = 'dist/src/server.js') {
  const { DATABASE_URL: _, DIRECT_DATABASE_URL: __, REDIS_URL: ___, ...inherited } = process.env;
  const args = ['--enable-source-maps', join(packageRoot, program)];
  const isTraced = env.TRACED === '1';
  const [command, given] = isTraced ? [process.execPath, args] : untraced(process.execPath, args);
  const child = spawn(command, given, {
    cwd,
    env: { DRAIN_SECONDS: '0', WRITE_RATE_LIMIT: '0', ...inherited, ...env }, // Tests write as fast as they can.
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { child, output: () => stdout, errors: () => stderr };
}
