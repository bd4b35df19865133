import { BlockList, isIP } from 'node:net';
import pg from 'pg';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** The host that pg would connect to: the URL is only one of the places that it looks for it in. */
export function hostOf(url: string): string {
  return new pg.Client({ connectionString: url }).host;
}

/** True for a loopback address and for a Unix socket, whose "host" is a folder. */
export function isThisMachine(host: string): boolean {
  if (host.startsWith('/') || host.toLowerCase() === 'localhost') return true;
  return isIP(host) !== 0 && loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
