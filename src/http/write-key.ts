import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { WriteKeyRequired } from '../errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** An `onRequest` hook that lets only holders of a write key pass (RFC 6750). */
    requireWriteKey(request: FastifyRequest, reply: FastifyReply): Promise<void>;
    /** The valid write key of a request; undefined if it has none. */
    writeKeyOf(request: FastifyRequest): string | undefined;
  }
}

export interface WriteKeyOptions {
  /** Without any, every write is refused. */
  readonly keys: readonly string[];
}

export const writeKey = fp<WriteKeyOptions>(
  async (app, { keys }) => {
    const known = keys.map(digest);

    app.decorate(
      'requireWriteKey',
      async function requireWriteKey(request: FastifyRequest, reply: FastifyReply) {
        const given = keyIn(request);
        if (given !== undefined && isKnown(digest(given))) return;
        reply.header('www-authenticate', given === undefined ? 'Bearer' : 'Bearer error="invalid_token"');
        throw new WriteKeyRequired(refusal(given));
      },
    );

    app.decorate('writeKeyOf', function writeKeyOf(request: FastifyRequest) {
      const given = keyIn(request);
      return given !== undefined && isKnown(digest(given)) ? given : undefined;
    });

    /** Compares digests of one length with every key, whichever matches, so that the time it takes reveals nothing. */
    function isKnown(candidate: Buffer): boolean {
      return known.reduce((found, key) => timingSafeEqual(key, candidate) || found, false);
    }

    function refusal(given: string | undefined): string {
      if (keys.length === 0)
        return 'Writing is off: this server was started without API_KEYS. Set API_KEYS to allow it';
      if (given === undefined) return 'Writing needs a key: send Authorization: Bearer <key>';
      return 'That is not a write key of this server: see API_KEYS, or .data/api-key with the embedded database';
    }
  },
  { name: 'write-key', fastify: '5.x' },
);

/** `auth-scheme 1*SP token68` (RFC 9110 §11.4): Node has removed the white space around the value. */
function keyIn({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(headers.authorization ?? '')?.[1];
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
