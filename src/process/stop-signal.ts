import cluster from 'node:cluster';

/** Why it ends: a person's Ctrl-C, an orchestrator, or because another worker has taken its place. */
export type StopCause = 'SIGINT' | 'SIGTERM' | typeof RETIRE;

/** What the first process tells a worker whose place another one has taken. */
export const RETIRE = 'retire';

/** Signals so close together are one: a terminal's Ctrl-C reaches npm, which passes it on. Milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/** Aborts at the first reason to end, which is its `reason`; a second signal, a moment later, ends the process at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let first: number | undefined;
  const told = (cause: StopCause) => {
    first ??= performance.now();
    if (performance.now() - first > SAME_SIGNAL_MS) process.exit(1);
    stop.abort(cause);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, told);
  if (cluster.isWorker) process.on('message', (message) => message === RETIRE && stop.abort(RETIRE));
  return stop.signal;
}
