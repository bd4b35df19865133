import t from 'tap';
import { FORMAT, type Page, toValue, toVaryMarker } from '../../../src/http-cache/pages/page.ts';

// What other releases find: a change of one of these heads is a change of `FORMAT`.

const page: Required<Page> = {
  status: 200,
  headers: { etag: '"a"' },
  body: Buffer.from('bytes'),
  freshness: { age: 0, whileRevalidate: 1, ifError: 2, mustRevalidate: false },
  selectedBy: { accept: 'a', 'x-absent': null },
  ownEtag: true,
  hasEncodedVariants: true,
};

t.test('the pages of this format', async (t) => {
  t.strictSame(
    [FORMAT, toValue(page).head, toVaryMarker(['accept', 'x-absent']).head],
    [
      1,
      {
        ':page':
          '{"status":200,"freshness":{"age":0,"whileRevalidate":1,"ifError":2,"mustRevalidate":false},"selectedBy":{"accept":"a","x-absent":null},"ownEtag":true,"hasEncodedVariants":true}',
        etag: '"a"',
      },
      { ':vary': 'accept,x-absent' },
    ],
  );
});
