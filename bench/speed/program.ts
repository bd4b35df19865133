import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { configSchema } from '../../src/config.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import type { Scope } from '../../support/scope.ts';

export interface ProgramOptions {
  /** What stands before the command, `taskset` for example. */
  readonly prefix?: readonly string[];
  /** Of node, before the program. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/**
 * A Node process running a compiled program of this package, with an IPC channel. What it logs goes nowhere, what
 * it complains of to us. Nothing that configures the service reaches it but what is given.
 */
export function startProgram(scope: Scope, program: string, options: ProgramOptions = {}): ChildProcess {
  const { prefix = [], flags = [], env = {}, cwd = packageRoot } = options;
  const command = [...prefix, process.execPath, '--enable-source-maps', ...flags, compiled(program)];
  const [file = process.execPath, ...args] = command;
  const child = spawn(file, args, {
    cwd,
    env: { ...unconfigured(), ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  scope.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return child;
}

/** Where a program of this package is when it is built; of `bench/speed.ts`, `dist/bench/speed.js`. */
export const compiled = (program: string): string => join(packageRoot, 'dist', program);

function unconfigured(): NodeJS.ProcessEnv {
  const names = new Set(['NODE_OPTIONS', ...Object.keys(configSchema.properties)]);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.has(name)));
}
