import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ExpectationFailed, WrongHead } from '../errors.ts';
import { isHost } from '../http-cache/index.ts';

/**
 * Fields that must not be repeated, because the service depends on them. Node takes the first of two, where a proxy in front may
 * have taken the second: such a request is refused.
 */
const SINGLE = ['Host', 'Authorization', 'Content-Type'];

const CONTINUE = '100-continue';

/**
 * Checks the head of every request: `Host` (RFC 9112 §3.2), fields that came twice
 * (RFC 9110 §5.3) and `Expect` (§10.1.1). `100 Continue` is sent when something begins to read the body, and so to no
 * request that is refused for its head.
 */
export const requestHead = fp(
  async (app) => {
    app.addHook('onRequest', function checkTheHead(request, reply, done) {
      const error = wrongIn(request);
      if (error) reply.header('connection', 'close'); // Where its body ends may be unclear as well.
      done(error);
    });

    app.addHook('preParsing', function continueWhenRead(request, { raw: response }, body, done) {
      if (expectationsOf(request).length > 0) {
        body.once('resume', () => response.headersSent || response.writeContinue()); // Node also resumes an unread body, after the answer.
      }
      done(null, body);
    });
  },
  { name: 'request-head', fastify: '5.x' },
);

function wrongIn(request: FastifyRequest): Error | undefined {
  const { rawHeaders, headers, httpVersion } = request.raw;
  const twice = SINGLE.find((field) => timesIn(rawHeaders, field) > 1);
  if (twice !== undefined) return new WrongHead(`There is more than one ${twice} field: send one`);
  const { host } = headers;
  if (host === undefined && httpVersion === '1.1') return new WrongHead('There is no Host field: send one');
  if (host !== undefined && !isHost(host))
    return new WrongHead(
      'Host is not a name or an address, with or without a port: send what the URL has there',
    );
  return expectationsOf(request).every(isContinue) ? undefined : new ExpectationFailed();
}

/** How often a field is given; names and values alternate. */
function timesIn(rawHeaders: readonly string[], field: string): number {
  const name = field.toLowerCase();
  return rawHeaders.filter((given, index) => index % 2 === 0 && given.toLowerCase() === name).length;
}

/** None in HTTP/1.0, whose servers do not know the field (RFC 9110 §10.1.1). */
function expectationsOf({ raw: { headers, httpVersion } }: FastifyRequest): string[] {
  if (headers.expect === undefined || httpVersion !== '1.1') return [];
  return headers.expect.split(',').map((member) => member.trim().toLowerCase());
}

const isContinue = (expectation: string): boolean => expectation === CONTINUE;
