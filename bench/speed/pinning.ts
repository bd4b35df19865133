import { spawnSync } from 'node:child_process';

/** Which core is whose. */
export interface Pinning {
  /** What stands before the command of a server that is measured. */
  readonly server: readonly string[];
  /** For the report. */
  readonly text: string;
}

const SERVER_CORE = '0';
const LOAD_CORE = '1';

/**
 * Puts this process on the load's core, and with it what it starts from now on: the load, Redis, and PostgreSQL if
 * it is the embedded one. The servers that are measured have a core to themselves, one at a time.
 */
export function pin(): Pinning {
  if (!succeeds(['-c', SERVER_CORE, 'true']) || !succeeds(['-a', '-c', '-p', LOAD_CORE, String(process.pid)]))
    return { server: [], text: 'not pinned to cores (there is no taskset, or there are no two cores)' };
  return {
    server: ['taskset', '-c', SERVER_CORE],
    text: `server on core ${SERVER_CORE}; load, Redis and PostgreSQL on core ${LOAD_CORE} (taskset)`,
  };
}

function succeeds(args: readonly string[]): boolean {
  return spawnSync('taskset', args, { stdio: 'ignore' }).status === 0;
}
