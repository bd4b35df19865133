import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { giveTo, ownerOf } from '../../src/embedded/system-user.ts';
import { type Authority, type Certificate, privateAuthority } from './certificates.ts';
import { execute, privatePostgres } from './database.ts';
import type { Scope } from './scope.ts';

/** A PostgreSQL of one's own that nobody reaches without TLS, and the CA of its certificate. */
export interface TlsPostgres {
  readonly authority: Authority;
  /** Its URL with these parameters. */
  url(parameters: Record<string, string>, host?: string): string;
}

/** Its certificate is for `localhost` only. */
export async function startTlsPostgres(t: Scope): Promise<TlsPostgres> {
  const { url, cluster } = await privatePostgres(t);
  const authority = await privateAuthority(t);
  await install(cluster, await authority.sign('server', 'DNS:localhost'), authority);
  const access = join(cluster, 'pg_hba.conf');
  await writeFile(access, (await readFile(access, 'utf8')).replace(/^(host)\b/gm, 'hostssl'));
  const settings = ['ssl = on', "ssl_ca_file = 'ca.crt'"].map((setting) => `ALTER SYSTEM SET ${setting}`);
  for (const sql of [...settings, 'SELECT pg_reload_conf()']) await execute(url, sql);
  return {
    authority,
    url(parameters, host = 'localhost') {
      const chosen = Object.assign(new URL(url), { hostname: host });
      for (const [name, value] of Object.entries(parameters)) chosen.searchParams.set(name, value);
      return chosen.href;
    },
  };
}

/** Under the names that PostgreSQL looks for; it wants the key to be its own. */
async function install(cluster: string, { cert, key }: Certificate, authority: Authority): Promise<void> {
  const files = { 'server.crt': cert, 'server.key': key, 'ca.crt': authority.cert };
  const owner = await ownerOf(cluster);
  for (const [name, file] of Object.entries(files)) {
    await copyFile(file, join(cluster, name));
    await giveTo(owner, join(cluster, name));
  }
}
