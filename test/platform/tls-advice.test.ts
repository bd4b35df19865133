import t from 'tap';
import { tlsAdvice } from '../../src/platform/tls-advice.ts';

t.test('what Node says of a certificate has an advice, and nothing else has', async (t) => {
  const ADVICE: Readonly<Record<string, RegExp | undefined>> = {
    SELF_SIGNED_CERT_IN_CHAIN: /NODE_EXTRA_CA_CERTS/,
    DEPTH_ZERO_SELF_SIGNED_CERT: /NODE_EXTRA_CA_CERTS/,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: /NODE_EXTRA_CA_CERTS/,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: /NODE_EXTRA_CA_CERTS/,
    CERT_HAS_EXPIRED: /renew/,
    ERR_TLS_CERT_ALTNAME_INVALID: /a name of it/,
    ERR_SSL_WRONG_VERSION_NUMBER: /does it speak TLS/,
    ECONNREFUSED: undefined,
  };
  for (const [code, advice] of Object.entries(ADVICE)) {
    const given = tlsAdvice(Object.assign(new Error('no'), { code }));
    if (advice) t.match(given, advice, code);
    else t.equal(given, undefined, code);
  }
  t.equal(tlsAdvice(undefined), undefined);
});
