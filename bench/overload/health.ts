import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const PATHS = ['/health/live', '/health/ready'];

/** Between two questions to each. Milliseconds. */
const PAUSE_MS = 100;

/** What an answer may take before it counts as none. Milliseconds. */
const PATIENCE_MS = 1_000;

export interface Health {
  /** Milliseconds. */
  readonly times: readonly number[];
  /** Answers other than 200, and those that did not come. */
  readonly failures: number;
}

/** Asks the health routes, as an orchestrator does, until it is told to stop. */
export function watchHealth(port: number): { stop(): Promise<Health> } {
  const agent = new Agent({ keepAlive: true });
  const stopped = new AbortController();
  const times: number[] = [];
  let failures = 0;
  const ask = async (path: string) => {
    const began = performance.now();
    const status = await statusOf(`http://127.0.0.1:${port}${path}`, agent);
    times.push(performance.now() - began);
    if (status !== 200) failures += 1;
  };
  const watch = async (path: string) => {
    while (!stopped.signal.aborted) {
      await ask(path);
      await delay(PAUSE_MS, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  const watching = Promise.all(PATHS.map(watch));
  return {
    async stop() {
      stopped.abort();
      await watching;
      agent.destroy();
      return { times, failures };
    },
  };
}

function statusOf(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const asked = get(url, { agent, timeout: PATIENCE_MS }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    asked.on('timeout', () => asked.destroy()).on('error', () => resolve(0));
  });
}
