import { execute } from '../../support/database.ts';

/** What the cost of a commit depends on; with a slow flush, waiting for one another costs most. */
const NAMES = ['server_version', 'fsync', 'synchronous_commit', 'wal_sync_method', 'commit_delay'] as const;

/** The server's settings, as one line. */
export async function settingsOf(url: string): Promise<string> {
  const list = NAMES.map((name) => `'${name}'`).join(', ');
  const { rows } = await execute(url, `SELECT name, setting FROM pg_settings WHERE name IN (${list})`);
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
  return NAMES.map((name) => `${name} ${settings.get(name)}`).join(', ');
}
