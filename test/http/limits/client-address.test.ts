import Fastify from 'fastify';
import t from 'tap';
import { loadConfig } from '../../../src/config.ts';
import { addressOf } from '../../../src/http/write-limit/write-limit.ts';

/** The setting, the address that asks, what it forwards, and who the client is. */
const CASES: readonly (readonly [string, string, string | undefined, string])[] = [
  ['', '10.0.0.1', undefined, '10.0.0.1'],
  ['', '10.0.0.1', '1.2.3.4', '10.0.0.1'],
  ['10.0.0.1', '10.0.0.1', undefined, '10.0.0.1'],
  ['10.0.0.1', '10.0.0.1', '1.2.3.4', '1.2.3.4'],
  ['10.0.0.1', '10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
  ['10.0.0.1', '10.0.0.9', '1.2.3.4', '10.0.0.9'],
  ['10.0.0.0/24, ::1', '::1', '1.2.3.4,10.0.0.7', '1.2.3.4'],
  ['10.0.0.0/24', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.2', '1.2.3.4'],
  ['10.0.0.0/24', '::ffff:10.0.0.5', '1.2.3.4', '1.2.3.4'],
  ['fd00::/8', 'fd00::7', '2001:db8::1', '2001:db8::1'],
  ['fd00::/8', 'fe80::7', '2001:db8::1', 'fe80::7'],
  ['loopback', '127.0.0.1', '1.2.3.4', '1.2.3.4'],
  ['loopback, uniquelocal', '172.18.0.9', '1.2.3.4, 192.168.0.1', '1.2.3.4'],
  ['loopback', '10.0.0.1', '1.2.3.4', '10.0.0.1'],
  ['10.0.0.0/24', '10.0.0.1', 'nonsense, 10.0.0.2', '10.0.0.2'],
  ['10.0.0.0/24', '10.0.0.1', 'unknown', '10.0.0.1'],
  ['10.0.0.0/24', '10.0.0.1', '1.2.3.4:5678', '10.0.0.1'],
  ['10.0.0.0/24', '10.0.0.1', ' ,, ,"', '10.0.0.1'],
];

t.test('a client is who the last believed proxy was asked by', async (t) => {
  for (const [setting, remoteAddress, forwarded, client] of CASES) {
    const { TRUST_PROXY: trustProxy = false } = loadConfig({ TRUST_PROXY: setting });
    const app = Fastify({ trustProxy });
    app.get('/', async (request) => addressOf(request));
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    const { body } = await app.inject({ url: '/', remoteAddress, headers });
    t.equal(body, client, `${setting}: ${remoteAddress}, ${forwarded}`);
  }
});

t.test('of a socket that has gone the address is not known', async (t) => {
  const app = Fastify({ trustProxy: 'loopback' });
  app.get('/', async (request) => {
    Object.assign(request.raw.socket, { remoteAddress: undefined });
    return `<${addressOf(request)}>`;
  });
  t.equal((await app.inject({ url: '/', headers: { 'x-forwarded-for': '1.2.3.4' } })).body, '<>');
});

t.test('a number of proxies is refused, as is all that is no address, network or name of one', async (t) => {
  for (const TRUST_PROXY of [
    ...[
      '1',
      '2',
      '10.0.0',
      '10.0.0.0/33',
      '10.0.0.0/0',
      '10.0.0.0/8/8',
      '10.0.0.0/',
      '0x7f.1',
      '10.0.0.0/255.0.0.0',
    ],
    ...['fd00::/129', 'a:b', 'true', 'all', 'Loopback', '10.0.0.1,', '10.0.0.1, 2', 'loopback/8'],
  ])
    t.throws(
      () => loadConfig({ TRUST_PROXY }),
      { code: 'PL_CONFIGURATION', message: /^TRUST_PROXY must be / },
      TRUST_PROXY,
    );
});
