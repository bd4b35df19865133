import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { parseCacheControl } from '../rules/cache-control.ts';
import type { Coding } from '../rules/coding.ts';
import { codedEtag } from '../rules/etag.ts';
import type { Page } from './page.ts';

/** Smaller bodies fit in one packet anyway. Bytes. */
const MIN_BYTES = 1_024;

const COMPRESSIBLE =
  /^(text\/|application\/(.+\+)?(json|xml)\b|application\/javascript\b|image\/svg\+xml\b)/i;

/** Good enough for the price: 2.8 MB of JSON in about 50 ms, a tenth of its size. */
const QUALITY = { br: 4, gzip: 5 };

const compressors = {
  br: (body: Buffer) =>
    promisify(brotliCompress)(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: QUALITY.br,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength,
      },
    }),
  gzip: (body: Buffer) => promisify(gzip)(body, { level: QUALITY.gzip }),
} satisfies Record<Coding, (body: Buffer) => Promise<Buffer>>;

/** Whether a page of these headers and so many bytes is worth an encoded variant, and allowed to have one. */
export function isCompressible({
  status,
  headers,
  body,
}: Pick<Page, 'status' | 'headers' | 'body'>): boolean {
  if (status !== 200 || body.byteLength < MIN_BYTES) return false;
  if (headers['content-encoding'] !== undefined || headers['content-range'] !== undefined) return false;
  if (parseCacheControl(headers['cache-control']).has('no-transform')) return false;
  return COMPRESSIBLE.test(headers['content-type'] ?? '');
}

/** The page in another coding, made on a thread of its own; the page as it is, for good, if that is not smaller. */
export async function compress(page: Page, coding: Coding): Promise<Page> {
  const body = await compressors[coding](page.body);
  if (body.byteLength >= page.body.byteLength) return { ...page, hasEncodedVariants: false };
  const { etag } = page.headers;
  const headers = {
    ...page.headers,
    'content-encoding': coding,
    ...(etag !== undefined && { etag: codedEtag(etag, coding) }),
  };
  return { ...page, headers, body };
}
