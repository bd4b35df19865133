import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { freePort } from '../../support/redis.ts';
import type { Scope } from '../../support/scope.ts';
import { ChildRequests } from './child-requests.ts';
import { compiled, type ProgramOptions, startProgram } from './program.ts';

/** Whether its event loop is watched from now on. */
export interface ReadingRequest {
  readonly watch: boolean;
}

/** Of a server's process. */
export interface Reading {
  /** How late its event loop was while it was watched. Milliseconds. */
  readonly p99: number;
  readonly max: number;
  /** Bytes. */
  readonly rss: number;
}

/** A server that is measured. */
export interface Server {
  readonly port: number;
  ask(request: ReadingRequest): Promise<Reading>;
}

/** What a server may take to start, with the migrations it may have to apply. Milliseconds. */
const START_MS = 30_000;

const POLL_MS = 20;

/** Starts a program that listens on `PORT` of 127.0.0.1, and waits until it does. */
export async function startServer(
  scope: Scope,
  program: string,
  { env, ...options }: ProgramOptions,
): Promise<Server> {
  const port = await freePort();
  const child = startProgram(scope, program, {
    ...options,
    flags: ['--import', pathToFileURL(compiled('bench/speed/preload.js')).href],
    env: { ...env, PORT: String(port) },
  });
  const requests = new ChildRequests<ReadingRequest, Reading>(child, program);
  await untilItListens(child, port, program);
  return { port, ask: (request) => requests.ask(request) };
}

async function untilItListens(child: ChildProcess, port: number, program: string): Promise<void> {
  const end = performance.now() + START_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${program} ended at its start`);
    if (performance.now() > end) throw new Error(`${program} does not listen on port ${port}`);
    await delay(POLL_MS);
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect'); // Rejects at an error.
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
