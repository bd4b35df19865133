import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { giveTo, ownerOf } from '../../src/embedded/system-user.ts';
import type { Scope } from '../../support/scope.ts';
import { type Authority, type Certificate, privateAuthority } from './certificates.ts';
import { privatePostgres } from './private-postgres.ts';

const RELOAD = 'SELECT pg_reload_conf()';

/** A PostgreSQL for one test that requires TLS, and the CA of its certificate. */
export interface TlsPostgres {
  readonly authority: Authority;
  /** Whether a client has to have a certificate in the name of its user, by the same CA. */
  askForCertificates(asked?: boolean): Promise<void>;
  /** Its URL with these parameters. */
  url(parameters: Record<string, string>, host?: string): string;
}

/** Its certificate is for `localhost` only. */
export async function startTlsPostgres(t: Scope): Promise<TlsPostgres> {
  const { url, cluster } = await privatePostgres(t);
  const authority = await privateAuthority(t);
  await install(cluster, await authority.sign('server', 'DNS:localhost'), authority);
  await letIn(cluster, 'scram-sha-256');
  const settings = ['ssl = on', "ssl_ca_file = 'ca.crt'"].map((setting) => `ALTER SYSTEM SET ${setting}`);
  const admin = new pg.Client({ connectionString: url }); // From before it wants TLS.
  await admin.connect();
  t.teardown(() => admin.end());
  for (const sql of [...settings, RELOAD]) await admin.query(sql);
  return {
    authority,
    async askForCertificates(asked = true) {
      await letIn(cluster, asked ? 'scram-sha-256 clientcert=verify-full' : 'scram-sha-256');
      await admin.query(RELOAD);
    },
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

/** With TLS only. */
async function letIn(cluster: string, method: string): Promise<void> {
  await writeFile(join(cluster, 'pg_hba.conf'), `hostssl all all 127.0.0.1/32 ${method}\n`);
}
