import type { Socket } from 'node:net';
import t from 'tap';
import { addressOf, trustOf } from '../../src/plugins/write-limit/client-address.ts';

/** The setting, the address that asks, what it forwards, and who the client is. */
const CASES: readonly (readonly [string | undefined, string, string | undefined, string])[] = [
  [undefined, '10.0.0.1', undefined, '10.0.0.1'],
  [undefined, '10.0.0.1', '1.2.3.4', '10.0.0.1'],
  ['1', '10.0.0.1', '1.2.3.4', '1.2.3.4'],
  ['1', '10.0.0.1', undefined, '10.0.0.1'],
  ['1', '10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
  ['2', '10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.2', '1.2.3.4'],
  ['2', '10.0.0.1', 'nonsense, 10.0.0.2', '10.0.0.2'],
  ['10.0.0.1', '10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
  ['10.0.0.1', '10.0.0.9', '1.2.3.4', '10.0.0.9'],
  ['10.0.0.0/24, ::1', '::1', '1.2.3.4,10.0.0.7', '1.2.3.4'],
  ['10.0.0.0/24', '::ffff:10.0.0.5', '1.2.3.4', '1.2.3.4'],
  ['fd00::/8', 'fd00::7', '2001:db8::1', '2001:db8::1'],
  ['fd00::/8', 'fe80::7', '2001:db8::1', 'fe80::7'],
];

t.test('a client is who the last believed proxy was asked by', async (t) => {
  for (const [setting, remoteAddress, forwarded, client] of CASES) {
    const request = { socket: { remoteAddress } as Socket, headers: { 'x-forwarded-for': forwarded } };
    t.equal(addressOf(request, trustOf(setting)), client, `${setting}: ${remoteAddress}, ${forwarded}`);
  }
  t.equal(addressOf({ socket: {} as Socket, headers: {} }, trustOf(undefined)), '', 'a socket that has gone');
});

t.test('what is no address or network is refused', async (t) => {
  for (const setting of ['10.0.0', '10.0.0.0/33', 'fd00::/129', 'a:b']) t.throws(() => trustOf(setting));
});
