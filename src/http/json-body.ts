import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { BodyNotUtf8 } from '../errors.ts';

/** The strings of a JSON text, which are not changed, and its numbers. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Longer than any double prints, and short enough for the pattern below. Characters. */
const MAX_LITERAL = 32;

/** Whether a number is the same after it was parsed as a double and printed. */
function isExact(literal: string): boolean {
  if (literal.length > MAX_LITERAL) return false;
  const plain = literal.includes('.') ? literal.replace(/\.?0+$/, '') : literal;
  return String(Number(literal)) === plain;
}

/**
 * Parses JSON bodies without rounding: a number that a double would change (12.3400000000000001) or that is
 * not written plainly (1e3) becomes null, which no field accepts, so that the answer names its field. So does
 * `__proto__`: it is kept as an own property, and unknown to every schema.
 */
export const jsonBody = fp(
  async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
      if (!isUtf8(bytes)) return done(new BodyNotUtf8());
      const text = bytes.toString();
      if (text === '') return done(null, undefined); // DELETE often comes with the header and no body.
      parseExactly(app, request, text, done);
    });
  },
  { name: 'json-body', fastify: '5.x' },
);

/**
 * Parses lines of JSON, one value each (https://github.com/ndjson/ndjson-spec), where the route takes them: as a list, in
 * which a line that is no JSON is null. Empty lines do not count.
 */
export async function ndjsonBody(app: FastifyInstance): Promise<void> {
  app.addContentTypeParser<Buffer>([...NDJSON], { parseAs: 'buffer' }, (request, bytes, done) => {
    if (!isUtf8(bytes)) return done(new BodyNotUtf8());
    const lines = bytes
      .toString()
      .split('\n')
      .filter((line) => line.trim() !== '');
    const values = lines.map((line) => {
      let parsed: unknown = null;
      parseExactly(app, request, line, (error, value) => {
        parsed = error ? null : value;
      });
      return parsed;
    });
    done(null, values);
  });
}

export const NDJSON = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'] as const;

/** Calls back before it returns. */
function parseExactly(app: FastifyInstance, request: FastifyRequest, text: string, done: Done): void {
  const parse = app.getDefaultJsonParser('ignore', 'ignore');
  parse(request, text, (error, body) => {
    if (error) return done(error); // Before the pattern sees it: that is linear for valid JSON only.
    const exact = text.replace(TOKENS, (token) => (token.startsWith('"') || isExact(token) ? token : 'null'));
    if (exact === text) done(null, body);
    else parse(request, exact, done);
  });
}

type Done = (error: Error | null, body?: unknown) => void;
