import { codeOf } from './fields.ts';

/** Node's codes for a certificate that it does not trust (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const UNTRUSTED = /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+|CERT_\w+)$/;

const OTHER_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';

/** The codes of an SSL library that receives no TLS. */
const NO_TLS = /^(ERR_SSL_\w+|EPROTO)$/;

/** What to do about a server whose TLS failed, to be appended to the reason; undefined for any other failure. */
export function tlsAdvice(error: unknown): string | undefined {
  const code = String(codeOf(error));
  if (code === 'CERT_HAS_EXPIRED') return 'renew its certificate';
  if (code === OTHER_NAME) return 'use a name of it that is in its certificate';
  if (UNTRUSTED.test(code))
    return 'let NODE_EXTRA_CA_CERTS (PostgreSQL: or sslrootcert) name the file of the CA that signed its certificate';
  return NO_TLS.test(code) ? 'does it speak TLS at this port?' : undefined;
}
