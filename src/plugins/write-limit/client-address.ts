import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Whether a proxy is believed, by its address and by how many hops it is away, from 0. */
export type Trust = (address: string, hop: number) => boolean;

/**
 * What `TRUST_PROXY` says.
 *
 * @throws when that names something that is no address or network
 */
export function trustOf(setting: string | undefined): Trust {
  if (setting === undefined) return () => false;
  if (/^\d+$/.test(setting)) return (_, hop) => hop < Number(setting);
  const list = new BlockList();
  for (const network of setting.split(/\s*,\s*/)) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The address from which a request came: the last one that no believed proxy stands behind. Each proxy appends the one
 * that it was asked from to `X-Forwarded-For`, so what a client writes there itself comes before that.
 */
export function addressOf(
  { socket, headers }: Pick<FastifyRequest, 'socket' | 'headers'>,
  trust: Trust,
): string {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  let address = socket.remoteAddress ?? '';
  for (const [hop, before] of forwarded.reverse().entries()) {
    const named = before.trim();
    if (isIP(named) === 0 || !trust(address, hop)) break;
    address = named;
  }
  return address;
}
