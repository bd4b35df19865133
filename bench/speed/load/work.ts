import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.ts';
import { keepFilling } from './fills.ts';
import type { Job, SentRequest, Work } from './job.ts';
import { Latencies } from './latencies.ts';
import { Requester } from './requester.ts';

/** For what an invalidation leaves to do behind its answer, in every process that heard of it. Milliseconds. */
const SETTLE_MS = 30;

/** Does a job: the answers that come first, on every connection, are not counted. */
export async function work(job: Job): Promise<Work> {
  const connections: Connection[] = [];
  const open = async (port: number) => {
    const connection = await Connection.open(port);
    connections.push(connection);
    return connection;
  };
  try {
    const request = new Requester(job.request);
    const prepare = job.before ? preparation(job.before.request, await open(job.before.port)) : () => {};
    const asking: Connection[] = [];
    for (let count = 0; count < job.connections; count += 1) {
      const connection = await open(job.port);
      await prepare();
      await request.ready(connection);
      asking.push(connection);
    }
    return await measure(asking, { job, request, prepare, latencies: new Latencies() });
  } finally {
    for (const connection of connections) connection.close();
  }
}

interface Loop {
  readonly job: Job;
  readonly request: Requester;
  readonly prepare: () => unknown;
  readonly latencies: Latencies;
}

async function measure(connections: readonly Connection[], loop: Loop): Promise<Work> {
  const { job, latencies } = loop;
  const cpu = process.cpuUsage();
  const began = performance.now();
  const end = began + job.milliseconds;
  const fills = job.beside && keepFilling(job.port, job.beside, { latencies, end });
  await Promise.all([fills, ...connections.map((connection) => askUntil(end, connection, loop))]);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const phases = latencies.summary();
  const requests = Object.values(phases).reduce((sum, phase) => sum + phase.requests, 0);
  return { requests, seconds, busy: (user + system) / 1e6 / seconds, phases };
}

/**
 * One request after the other. At a given rate, one that is late because the one before it took too long counts
 * from when it was due: requests that wait for a server that hangs are not left out.
 */
async function askUntil(end: number, connection: Connection, { job, request, prepare, latencies }: Loop) {
  const interval = job.rate ? (job.connections / job.rate) * 1000 : 0;
  let due = performance.now() + Math.random() * interval;
  while (performance.now() < end) {
    if (job.before) await prepare();
    const early = due - performance.now();
    if (interval > 0 && early > 0) await delay(early);
    const began = interval > 0 && early < 0 ? due : performance.now();
    await request.ask(connection);
    latencies.record(began);
    due += interval;
  }
}

function preparation(asked: SentRequest, connection: Connection): () => Promise<void> {
  const before = new Requester(asked);
  return async () => {
    await before.ask(connection);
    await delay(SETTLE_MS);
  };
}
