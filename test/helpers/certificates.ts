import { execFile, spawnSync } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scope } from '../../support/scope.ts';
import { checkout } from '../../support/server.ts';

const run = promisify(execFile);

/** Why tests that make certificates are skipped here, or false. */
export const skipWithoutOpenssl: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl on the PATH';

/** Files in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A private CA, and how it signs. */
export interface Authority extends Certificate {
  /** @param names as a certificate's `subjectAltName` has them: `DNS:localhost,IP:127.0.0.1` */
  sign(name: string, names: string): Promise<Certificate>;
}

/** A CA that no program trusts, in a folder that is gone after the test. Valid for a day. */
export async function privateAuthority(t: Scope): Promise<Authority> {
  const folder = await checkout(t);
  await chmod(folder, 0o755); // For servers that run as another user.
  const make = async (name: string, ...more: string[]): Promise<Certificate> => {
    const [cert, key] = ['crt', 'key'].map((extension) => join(folder, `${name}.${extension}`)) as [
      string,
      string,
    ];
    const request = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      `/CN=${name}`,
    ];
    await run('openssl', ['req', '-x509', '-days', '1', ...request, '-keyout', key, '-out', cert, ...more]);
    return { cert, key };
  };
  const ca = await make('ca');
  const sign = (name: string, names: string) =>
    make(name, '-CA', ca.cert, '-CAkey', ca.key, '-addext', `subjectAltName=${names}`);
  return { ...ca, sign };
}
