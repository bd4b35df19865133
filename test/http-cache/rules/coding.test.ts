import fc from 'fast-check';
import t from 'tap';
import { CODINGS, preferredCoding } from '../../../src/http-cache/rules/coding.ts';

t.test('the coding that Accept-Encoding likes best (RFC 9110 §12.5.3)', async (t) => {
  for (const [what, field, coding] of [
    ['without the field it is none', undefined, undefined],
    ['an empty field wants none', '', undefined],
    ['gzip is gzip', 'gzip', 'gzip'],
    ['br is br', 'br', 'br'],
    ['of equals br comes first, in any order', 'gzip, deflate, br, zstd', 'br'],
    ['the heavier wins, whatever this service prefers', 'br;q=0.5, gzip;q=0.8', 'gzip'],
    ['the heavier wins by a thousandth', 'br;q=0.998, gzip;q=0.999', 'gzip'],
    ['a weight without a fraction is one', 'br;q=1., gzip;q=0.9', 'br'],
    ['a weight of 0 refuses', 'gzip;q=0', undefined],
    ['a weight of 0.000 refuses', 'gzip;q=0.000', undefined],
    ['one refused leaves the other', 'br;q=0, gzip', 'gzip'],
    ['names are in any letter case', 'GZip', 'gzip'],
    ['so is the name of the weight', 'gzip;Q=0, br;Q=0.1', 'br'],
    ['x-gzip is gzip (§8.4.1.3)', 'x-gzip', 'gzip'],
    ['spaces around what separates mean nothing', ' gzip ; q=0.5 ,\tbr ; q=0.4 ', 'gzip'],
    ['* stands for every coding that is not listed', '*', 'br'],
    ['* does not overrule a coding that is listed', 'br;q=0, *', 'gzip'],
    ['* refuses what is not listed', 'gzip, *;q=0', 'gzip'],
    ['* of 0 alone refuses all', '*;q=0', undefined],
    ['a coding that there is none of is none', 'deflate, compress, zstd', undefined],
    ['identity alone wants the bytes as they are', 'identity', undefined],
    ['identity that is liked better wins', 'identity, gzip;q=0.5', undefined],
    ['identity that is liked less does not', 'identity;q=0.5, gzip', 'gzip'],
    ['identity that is liked as much does not', 'identity, gzip', 'gzip'],
    ['identity refused leaves the others', 'identity;q=0, gzip;q=0.1', 'gzip'],
    ['identity that is not listed has no weight against others', 'gzip;q=0.001', 'gzip'],
    ['a parameter that is no weight does not refuse', 'gzip;level=9', 'gzip'],
    ['a weight behind another parameter counts', 'br;x=1;q=0, gzip', 'gzip'],
    ['a name that only contains one is another', 'xgzip, brx, gzip-9', undefined],
    ['a weight above 1 by its fraction is 1', 'gzip;q=1.5, br', 'br'],
    ['a weight of more digits than allowed refuses', 'gzip;q=0.1234', undefined],
    ['a weight that is no number refuses', 'gzip;q=high', undefined],
    ['a negative weight refuses', 'gzip;q=-1', undefined],
    ['an empty weight refuses', 'gzip;q=', undefined],
  ] as const) {
    t.test(what, async (t) => {
      t.equal(preferredCoding(field), coding);
      t.equal(preferredCoding(field), coding, 'the same when asked again');
    });
  }

  t.test('a list too long to be remembered is read all the same', async (t) => {
    const long = `${'x, '.repeat(200)}gzip`;
    t.equal(preferredCoding(long), 'gzip');
    t.equal(preferredCoding(long.replace('gzip', 'br')), 'br');
  });

  t.test('after many other lists the answers are still the same', async (t) => {
    for (let index = 0; index < 1_000; index++) {
      t.equal(preferredCoding(`x${index}, gzip`), 'gzip');
      t.equal(preferredCoding(`x${index}`), undefined);
    }
    t.equal(preferredCoding('br'), 'br');
  });

  t.test('weights of any list decide as a plain reading of the rules says', async (t) => {
    const names = ['br', 'gzip', 'identity', '*', 'deflate'] as const;
    const list = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.nat(1000)), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(list, (members) => {
        const weights = new Map<string, number>(members);
        const field = members.map(([name, weight]) => `${name};q=${(weight / 1000).toFixed(3)}`).join(', ');
        const of = (name: string) => weights.get(name) ?? weights.get('*') ?? 0;
        const most = Math.max(...CODINGS.map(of));
        const wanted = most > 0 && most >= (weights.get('identity') ?? 0);
        const coding = preferredCoding(field);
        return wanted ? coding === (of('br') === most ? 'br' : 'gzip') : coding === undefined;
      }),
    );
    t.pass();
  });

  t.test('whatever is asked for, the answer is a coding or none', async (t) => {
    const pieces = fc.constantFrom(
      'gzip',
      'br',
      '*',
      ';',
      ',',
      'q',
      '=',
      '0',
      '1',
      '.',
      ' ',
      '"',
      '__proto__',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((list) => list.join('')),
        ),
        (field) => {
          return [undefined, ...CODINGS].includes(preferredCoding(field));
        },
      ),
    );
    t.pass();
  });
});
