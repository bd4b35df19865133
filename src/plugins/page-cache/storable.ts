import type { FastifyReply, FastifyRequest } from 'fastify';

/** Per response, per connection, or of no meaning to another client: never kept with an entry. */
const NOT_KEPT = new Set([
  'age',
  'cache-status',
  'connection',
  'content-length',
  'date',
  'transfer-encoding',
]);

/**
 * Whether a response may be stored: a complete 200, without `Set-Cookie`, without `Vary`, whose
 * `Cache-Control` does not forbid it (RFC 9111 §3), to a client that is still there.
 */
export function isStorable(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): payload is string | Buffer {
  if (reply.statusCode !== 200 || request.socket.destroyed) return false;
  if (reply.hasHeader('set-cookie') || reply.hasHeader('vary')) return false;
  if (/\b(no-store|private)\b/i.test(String(reply.getHeader('cache-control') ?? ''))) return false;
  return typeof payload === 'string' || Buffer.isBuffer(payload);
}

export type Headers = Readonly<ReturnType<FastifyReply['getHeaders']>>;

/** The headers that belong to the page: those that were added or changed since `before`, as strings. */
export function pageHeaders(reply: FastifyReply, before: Headers): Record<string, string> {
  const added = Object.entries(reply.getHeaders()).filter(
    ([name, value]) => before[name] !== value && !NOT_KEPT.has(name),
  );
  return Object.fromEntries(added.map(([name, value]) => [name, String(value)]));
}
