import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';

/** Between two merges while rows are being added. Milliseconds. */
const PAUSE_MS = 2_000;

/**
 * Merges the words that are pending into their indexes. Until then every search reads the list of them from end to end;
 * a role that does not own the table leaves that to autovacuum.
 * https://www.postgresql.org/docs/current/gin.html#GIN-FAST-UPDATE
 */
export async function mergePending(client: ClientBase): Promise<void> {
  await client.query(`SELECT gin_clean_pending_list(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
    WHERE indrelid = 'properties_property'::regclass AND amname = 'gin' AND pg_has_role(relowner, 'USAGE')`);
}

/**
 * Does so again and again on a connection of its own, so that the other core of the machine has something to do: what an
 * index holds belongs to no transaction, only whether its rows are seen does. Resolves when `work` has ended.
 */
export async function mergingMeanwhile<T>(client: ClientBase, work: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const merging = mergeUntil(client, ended.signal);
  try {
    return await work;
  } finally {
    ended.abort();
    await merging;
  }
}

/** A merge that fails is made up for by the next one, and by the last one, which is not made here. */
async function mergeUntil(client: ClientBase, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
    if (!signal.aborted) await mergePending(client).catch(() => {});
  }
}
