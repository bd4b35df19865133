import { decoded, type RawAnswer } from './raw-http.ts';
import { fieldOf, type Hostile, MARK } from './shapes.ts';

/** Fields in which an answer may differ from that of the route without a cache. */
const OF_THE_CACHE = new Set([
  'age',
  'cache-status',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'date',
  'etag',
  'keep-alive',
  'transfer-encoding',
  'vary',
  'x-request-id',
]);

const CODINGS = ['br', 'gzip'];

/** Whether the client said that it can read the coding: RFC 9110 §12.5.3, written down a second time. */
export function accepts(acceptEncoding: string | undefined, coding: string): boolean {
  const weights = (acceptEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((member) => member.split(';').map((part) => part.trim()))
    .filter(([name]) => name === coding || name === '*' || (coding === 'gzip' && name === 'x-gzip'));
  // Of a coding that is named and refused in one list either may be believed.
  return weights.some(([, ...rest]) => !rest.some((part) => /^q=(0|0?\.0*|0\.0{1,3})$/.test(part)));
}

/** What stands for the content in a tag, whichever coding it is of. */
const contentTag = (etag: string | undefined): string =>
  String(etag)
    .replace(/^W\//, '')
    .replace(/^"|"$/g, '')
    .replace(/-(br|gzip)$/, '');

/** The request to the model, which has nothing that `only-if-cached` could mean. */
export const asModel = (request: Hostile): Hostile => ({
  ...request,
  fields: request.fields.map((field) => field.replace('only-if-cached', 'x')),
});

interface Question {
  readonly request: Hostile;
  readonly got: RawAnswer;
  /** The route's own answer, to the same request, without a cache. */
  readonly model: RawAnswer;
  /** The page in a coding, as an innocent client gets it. */
  readonly formOf: (coding: string | undefined) => Promise<RawAnswer | undefined>;
}

/** What is wrong with an answer to a hostile request; undefined: it is what the route answers without a cache. */
export async function faultOf({ request, got, model, formOf }: Question): Promise<string | undefined> {
  const { status } = got;
  if (status === 504 && fieldOf(request, 'cache-control')?.includes('only-if-cached')) return undefined;
  const whole = model.status === 200 || model.status === 206 || model.status === 304 || model.status === 416;
  if (status !== model.status && !(whole && isVariation(request, status))) {
    return `status ${status} instead of ${model.status}`;
  }
  if (status === 304 && !isKnown(request, got)) return 'a 304 to a client that does not have the page';
  const coding = got.headers['content-encoding'];
  if (coding !== undefined) {
    if (!CODINGS.includes(coding) || !accepts(fieldOf(request, 'accept-encoding'), coding))
      return `${coding} to a client that did not ask for it`;
    if (!got.headers.vary?.toLowerCase().includes('accept-encoding')) return 'a coding without Vary';
  }
  const fields = fieldFault(got, model);
  if (fields) return fields;
  if (request.method === 'HEAD') return got.body.byteLength > 0 ? 'a body to HEAD' : undefined;
  if (status === 206) return partFault(got, await formOf(coding));
  if (status === 304 || status === 416 || model.status !== status) return undefined;
  return unnamed(got) === unnamed(model) ? undefined : `another body: ${decoded(got).slice(0, 200)}`;
}

/** The content, but for what a problem calls its request. */
const unnamed = (answer: RawAnswer): string =>
  decoded(answer).replaceAll(answer.headers['x-request-id'] ?? '\n', '');

/** Whether the request asks for an answer that a page may be given in, instead of its own 200. */
function isVariation(request: Hostile, status: number): boolean {
  // A part of an encoded variant may be none of the page itself, and the other way round.
  if (status === 200) return fieldOf(request, 'range') !== undefined && isCoded(request);
  if (status === 206 || status === 416) return fieldOf(request, 'range') !== undefined;
  const conditions = fieldOf(request, 'if-none-match') ?? fieldOf(request, 'if-modified-since');
  return status === 304 && conditions !== undefined;
}

const isCoded = (request: Hostile) => fieldOf(request, 'accept-encoding') !== undefined;

function isKnown(request: Hostile, { headers }: RawAnswer): boolean {
  const known = fieldOf(request, 'if-none-match');
  if (known === undefined) return fieldOf(request, 'if-modified-since')?.includes('2100') === true;
  return known.trim() === '*' || known.includes(contentTag(headers.etag));
}

function partFault({ headers, body }: RawAnswer, whole: RawAnswer | undefined): string | undefined {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  if (!whole || first === undefined) return 'a part of nothing';
  if (headers.etag !== whole.headers.etag) return undefined; // Of another moment; its content was compared before.
  if (Number(total) !== whole.body.byteLength) return 'a part of another length';
  const part = whole.body.subarray(Number(first), Number(last) + 1);
  return part.equals(body) ? undefined : 'a part of something else';
}

/** The fields that do not belong to the cache must be the route's own; a 304 and a 416 leave some out. */
function fieldFault(got: RawAnswer, model: RawAnswer): string | undefined {
  const names = new Set([...Object.keys(got.headers), ...Object.keys(model.headers)]);
  for (const name of names) {
    const value = got.headers[name];
    if (OF_THE_CACHE.has(name) || value === model.headers[name]) continue;
    const isLeftOut =
      name === 'content-type' && [304, 416].some((s) => s === got.status || s === model.status);
    if (!isLeftOut) return `${name}: ${value} instead of ${model.headers[name]}`;
  }
  return undefined;
}

/** What is wrong with what an innocent client gets. */
export function harmTo(
  got: RawAnswer,
  { body, model, acceptEncoding }: { body: string; model: RawAnswer; acceptEncoding?: string | undefined },
): string | undefined {
  if (got.status !== 200) return `status ${got.status}`;
  const coding = got.headers['content-encoding'];
  if (coding !== undefined && !accepts(acceptEncoding, coding)) return `${coding}, not asked for`;
  if (decoded(got) !== body) return `another body: ${decoded(got).slice(0, 200)}`;
  if (JSON.stringify(got.headers).includes(MARK)) return 'something of a hostile request';
  return fieldFault(got, model);
}
