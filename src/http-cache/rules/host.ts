import { isIPv6 } from 'node:net';

/**
 * `uri-host [":" port]` (RFC 9110 §7.2, RFC 3986 §3.2.2), but without commas in a name: those are of two fields that were
 * joined on the way.
 */
const HOST = /^(?:\[([^\]]*)\]|(?:[\w.~!$&'()*+;=-]|%[\da-f]{2})+)(?::\d*)?$/i;

/** Whether it may stand in `Host`. An empty one names no host, and so no resource of this server's. */
export function isHost(value: string): boolean {
  const found = HOST.exec(value);
  return found !== null && (found[1] === undefined || isIPv6(found[1]));
}
