import fp from 'fastify-plugin';

/** Strings, which are left alone, and the numbers between them. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** A number that reads back as it was written: plain decimals that a double holds exactly enough. */
function isExact(literal: string): boolean {
  const plain = literal.includes('.') ? literal.replace(/\.?0+$/, '') : literal;
  return String(Number(literal)) === plain;
}

/**
 * Parses JSON bodies without rounding: a number that a double would change (12.3400000000000001) or that is
 * not written plainly (1e3) becomes null, which no field accepts, so that the answer names its field.
 */
export const jsonBody = fp(
  async (app) => {
    const parse = app.getDefaultJsonParser('error', 'error');
    app.removeContentTypeParser('application/json');
    app.addContentTypeParser<string>(
      'application/json',
      { parseAs: 'string' },
      function parseExactly(request, text, done) {
        parse(request, text, (error, body) => {
          const exact = text.replace(TOKENS, (token) =>
            token.startsWith('"') || isExact(token) ? token : 'null',
          );
          if (error || exact === text) done(error, body);
          else parse(request, exact, done);
        });
      },
    );
  },
  { name: 'json-body', fastify: '5.x' },
);
