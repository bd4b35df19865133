import cluster from 'node:cluster';

/** The signals that end the process: Ctrl-C, `kill` or an orchestrator, a closed terminal, Ctrl-\. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The message of the first process to a worker that another one has replaced. */
export const RETIRE = 'retire';

/** Why the process ends: a signal, or another worker that replaces it. */
export type StopCause = (typeof SIGNALS)[number] | typeof RETIRE;

/** Signals so close together count as one: a Ctrl-C reaches the process from the terminal and once more from npm. Milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Aborts at the first reason to end, which is its `reason`; a second signal, a moment later, ends the process at once.
 * SIGUSR2, which would end the process too, is ignored here: the first process of several replaces its workers on it.
 */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let first: number | undefined;
  const end = (cause: StopCause) => {
    first ??= performance.now();
    if (performance.now() - first > SAME_SIGNAL_MS) process.exit(1);
    stop.abort(cause);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  process.on('SIGUSR2', () => {});
  if (cluster.isWorker) process.on('message', (message) => message === RETIRE && stop.abort(RETIRE));
  return stop.signal;
}
