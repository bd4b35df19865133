import fc from 'fast-check';

/**
 * What a hostile client may send, as data: a request is put together from a target, fields, a body and a version, all of
 * which go over the wire as they stand here. `SHAPES` is each of them once; `hostile` mixes them.
 */
export interface Hostile {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Lines of the head, `Host` among them or not. */
  readonly fields: readonly string[];
  readonly body: string;
}

/** What no innocent client sends: wherever it turns up in an innocent client's answer, it came from here. */
export const MARK = 'h0stile';

const HOST = 'Host: innocent.example';

export const LIST = '/properties/';
export const ROW = '/properties/1/';

/** Ways to name a page, and ways to name what only looks like one. */
export const targetsOf = (page: string): string[] => [
  page,
  page.slice(0, -1),
  `${page}?${MARK}=1`,
  `${page}?a=1&a=2&a[]=3&a[${MARK}]=4`,
  `${page}?%61=1&a=%31&A=1`,
  `${page}?a=1;b=2;${MARK}`,
  `${page};${MARK}=1`,
  `${page.slice(0, -1)};a.css`,
  `${page}?__proto__=${MARK}`,
  `${page}?__proto__[${MARK}]=1&constructor.prototype.x=1`,
  `${page}?`,
  `${page}?&&==&%`,
  `${page}?%00%0d%0aX-${MARK}:1`,
  `${page}?callback=${MARK}&format=html&_method=DELETE`,
  `${page}?${'x'.repeat(511 - page.length)}`,
  `${page}?${'x'.repeat(512 - page.length)}`,
  `${page}?${MARK.repeat(1_000)}`,
  `${page}#${MARK}`,
  `${page}%23${MARK}`,
  `${page}%3F${MARK}=1`,
  `/${page}`,
  `${page}/`,
  `${page}.`,
  `${page.slice(0, -1)}.`,
  `${page}%2e/`,
  `${page}./`,
  `${page}../properties/`,
  `${page}%2e%2e/properties/`,
  `${page}..%2fproperties/`,
  `${page}x.css`,
  `${page.slice(0, -1)}.css`,
  `${page}%2Fx.css`,
  `${page.slice(0, -1)}%2F`,
  `${page.slice(0, -1)}%00`,
  `${page}%00.css`,
  `${page}%0d%0aX-${MARK}:%201`,
  `${page}%c0%af`,
  `${page}%ff`,
  `${page}%`,
  `${page}%E2%80%AE`,
  `${page}\u00e9`,
  `\\${page.slice(1)}`,
  page.toUpperCase(),
  page.replace('p', '%70'),
  page.replace('/p', '/%2570'),
  `http://innocent.example${page}`,
  `http://${MARK}.example${page}`,
  `HTTP://${MARK}.example:1${page}?${MARK}`,
  `https://user:${MARK}@x${page}`,
  `ftp://${MARK}${page}`,
  `http://${MARK}`,
  page.slice(1),
];

/** Questions about the list, each asked in several ways, and what only looks like one. */
const QUESTIONS = [
  `${LIST}?limit=2`,
  `${LIST}?limit=2&limit=02&sort=id`,
  `${LIST}?limit=2&limit=3`,
  `${LIST}?limit=2&${MARK}=1`,
  `${LIST}?LIMIT=2`,
  `${LIST}?location=accra`,
  `${LIST}?location=ACCRA&location=%61ccra`,
  `${LIST}?location=Accra%00`,
  `${LIST}?location=${MARK}&q=bright`,
  `${LIST}?q=bright%20quiet&sort=-price&limit=3`,
  `${LIST}?sort=-price&limit=3&q=QUIET++bright`,
  `${LIST}?q=${MARK}%27%3B--%20`,
  `${LIST}?cursor=${MARK}&limit=2`,
  `${LIST}?min_price=20&max_price=20.00`,
  `${LIST}count/`,
  `${LIST}count/?location=accra`,
  `${LIST}count/?limit=2`,
];

/** Only of a row, of questions, or of no page. */
const TARGETS = [
  ...new Set([
    ...targetsOf(LIST),
    ...targetsOf(ROW),
    ...QUESTIONS,
    '/properties/%31/',
    '/properties/01/',
    '/properties/+1/',
    '/properties/1e0/',
    '/properties/0x1/',
    '/properties/1%20/',
    '/properties/%EF%BC%91/',
    '/properties/1,2/',
    '/properties/-1/',
    '/properties/0/',
    '/properties/2147483648/',
    `/properties/${'9'.repeat(400)}/`,
    `/properties/${'1'.repeat(90)}/`,
    '/properties/__proto__/',
    '/properties/undefined/',
    '/properties/*/',
    `/properties/${MARK}/`,
    '/*',
    '*',
    '/',
    '//',
    `/${MARK}`,
    `/?/properties/`,
  ]),
];

const CODINGS = Array.from({ length: 400 }, (_, index) => `c${index};q=0.${index % 10}`);

/** Fields, each a set that is sent together. */
export const FIELDS: readonly (readonly string[])[] = [
  [`X-Forwarded-Host: ${MARK}.example`, `X-Forwarded-For: ${MARK}`, 'X-Forwarded-Proto: https'],
  [`X-Forwarded-Prefix: /${MARK}`, 'X-Forwarded-Port: 1', `X-Forwarded-Server: ${MARK}`],
  [`X-Original-URL: /${MARK}`, `X-Rewrite-URL: ${ROW}`],
  [`X-Original-URL: ${LIST}`],
  ['X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: PUT', 'X-Method-Override: POST'],
  ['X-HTTP-Method-Override: HEAD'],
  [`Forwarded: for=${MARK};host=${MARK}.example;proto=https`],
  [`X-Host: ${MARK}`, `X-Wap-Profile: http://${MARK}/`, `True-Client-IP: ${MARK}`, `Via: ${MARK}`],
  [`Origin: https://${MARK}.example`, `Referer: https://${MARK}.example/`],
  [`User-Agent: ${MARK}`, `X-Request-Id: ${MARK}`, `Request-Id: ${MARK}`, `Traceparent: ${MARK}`],
  [`Cookie: a=${MARK}; a=1; =; ;`],
  [`Cookie: ${'a=b; '.repeat(600)}${MARK}=1`],
  [`X-Long: ${MARK.repeat(1_500)}`],
  Array.from({ length: 150 }, (_, index) => `X-${MARK}-${index}: ${index}`),
  [`Authorization: Bearer ${MARK}`],
  ['Authorization: '],
  ['Authorization: Basic YTpi', 'Authorization: Bearer x'],
  ['Proxy-Authorization: Basic YTpi'],
  ['Accept: text/html'],
  ['Accept: */*;q=0', 'Accept-Language: xx', 'Accept-Charset: utf-16'],
  ['Accept-Encoding: gzip'],
  ['Accept-Encoding: br'],
  ['Accept-Encoding: x-gzip, deflate;q=1'],
  ['Accept-Encoding: gzip;q=0, br;q=0'],
  ['Accept-Encoding: *;q=0'],
  ['Accept-Encoding: identity;q=0'],
  ['Accept-Encoding: identity;q=0, *;q=0'],
  ['Accept-Encoding: *'],
  ['Accept-Encoding: '],
  ['Accept-Encoding: gzip', 'Accept-Encoding: gzip;q=0'],
  ['Accept-Encoding: br', 'accept-encoding: gzip'],
  ['Accept-Encoding: gzip, gzip;q=0, GZIP;Q=1, gzip;q=0.0'],
  ['Accept-Encoding: gzip;q=2, br;q=-1'],
  ['Accept-Encoding: gzip;q=0.9999, br;q=nonsense'],
  [`Accept-Encoding: ${MARK}, ,,;;==, gzip;q, br;;q=0`],
  [`Accept-Encoding: ${CODINGS.join(', ')}`],
  [`Accept-Encoding: ${'gzip, '.repeat(680)}br`],
  ['If-None-Match: *'],
  [`If-None-Match: "${MARK}"`],
  ['If-None-Match: '],
  ['If-None-Match: W/*', 'If-None-Match: *'],
  [`If-None-Match: ${'"a", '.repeat(800)}"b"`],
  [`If-None-Match: ${'W/"'.repeat(500)}`],
  ['If-None-Match: "undefined"'],
  ['If-Match: "a"'],
  ['If-Match: *', 'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT'],
  ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT'],
  ['If-Modified-Since: nonsense'],
  ['Range: bytes=0-0'],
  ['Range: bytes=5-20'],
  ['Range: bytes=-7'],
  ['Range: bytes=-0'],
  ['Range: bytes=--1'],
  ['Range: bytes=9-3'],
  ['Range: bytes=999999999-'],
  ['Range: bytes=0-99999999999999999999999999'],
  ['Range: bytes=-99999999999999999999999999'],
  [`Range: bytes=${Array.from({ length: 1_000 }, (_, index) => `${index}-${index}`).join(',')}`],
  ['Range: bytes=0-0', 'Range: bytes=1-1'],
  [`Range: ${MARK}=0-1`],
  ['Range: bytes=0-5', 'If-Range: "nothing"'],
  ['Range: bytes=0-5', 'If-Range: Fri, 01 Jan 2100 00:00:00 GMT'],
  ['Range: bytes=0-5', 'Accept-Encoding: gzip'],
  ['Range: bytes=0-5', 'If-None-Match: *'],
  ['Cache-Control: no-store'],
  ['Cache-Control: no-cache', 'Pragma: no-cache'],
  ['Cache-Control: only-if-cached'],
  ['Cache-Control: only-if-cached, no-store, no-cache'],
  ['Cache-Control: max-age=0'],
  ['Cache-Control: max-stale', 'Cache-Control: stale-if-error=999999999'],
  ['Cache-Control: min-fresh=999999999999999999999'],
  [`Cache-Control: ${'",=;\\'.repeat(200)}${MARK}`],
  ['Connection: close'],
  [`Connection: ${MARK}, content-type, etag`],
  ['Connection: keep-alive, close', 'Keep-Alive: timeout=99999'],
  ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x'],
  ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x'],
  ['Upgrade: TLS/1.0'],
  ['Expect: 100-continue'],
  [`Expect: ${MARK}`],
  ['TE: trailers', `Trailer: ${MARK}`],
  ['Content-Type: application/json', 'Content-Encoding: gzip'],
  [`Content-Type: ${MARK}`],
  [`Host: ${MARK}.example`],
  [`__proto__: ${MARK}`, `constructor: ${MARK}`, `toString: ${MARK}`],
  ['Max-Forwards: 0', 'Prefer: return=minimal', 'Accept-Version: 99.x', 'DNT: 1', 'Save-Data: on'],
  ['X-HTTP-Method-Override: PURGE', 'Surrogate-Control: no-store', 'Fastly-Purge: 1', 'X-Purge: 1'],
];

/** What comes after the head, with the fields that say so. */
const BODIES: readonly { readonly fields: readonly string[]; readonly body: string }[] = [
  { fields: ['Content-Length: 0'], body: '' },
  { fields: ['Content-Length: 7'], body: MARK },
  { fields: ['Content-Length: 7', 'Content-Type: application/json'], body: '{"a":1}' },
  { fields: ['Transfer-Encoding: chunked'], body: `7\r\n${MARK}\r\n0\r\n\r\n` },
  { fields: ['Transfer-Encoding: chunked'], body: `7;${MARK}=1\r\n${MARK}\r\n0\r\nX-${MARK}: 1\r\n\r\n` },
  { fields: ['Content-Length: 47'], body: 'GET /properties/1/ HTTP/1.1\r\nHost: smuggled\r\n\r\n' },
  { fields: ['Content-Length: 20000'], body: 'x'.repeat(20_000) },
];

/** Bytes that no server should take for a request, or that this one may refuse. */
const HEADS: readonly Partial<Hostile>[] = [
  { fields: [] },
  { fields: ['Host: '] },
  { fields: [HOST, `Host: ${MARK}.example`] },
  { fields: [`Host: ${MARK}.example`, HOST] },
  { fields: [`Host: ${MARK}.example:99999`] },
  { fields: [`Host: innocent.example/${MARK}`] },
  { fields: [`Host: a b@${MARK}`] },
  { fields: [`Host: ${MARK.repeat(500)}`] },
  { fields: [HOST, 'Content-Length: 1', 'Transfer-Encoding: chunked'], body: '0\r\n\r\n' },
  { fields: [HOST, 'Content-Length: 1', 'Content-Length: 2'], body: 'ab' },
  { fields: [HOST, 'Content-Length: -1'] },
  { fields: [HOST, 'Content-Length: 1x'], body: 'a' },
  { fields: [HOST, 'Transfer-Encoding: chunked, identity'], body: '0\r\n\r\n' },
  { fields: [HOST, 'Transfer-Encoding : chunked'], body: '0\r\n\r\n' },
  { fields: [HOST, 'Range : bytes=0-1'] },
  { fields: [HOST, ` folded: ${MARK}`] },
  { fields: [HOST, `X-Nul: a\0${MARK}`] },
  { fields: [HOST, `X-Bytes: \u00ff\u00fe${MARK}`] },
  { fields: [HOST, `X-Much: ${MARK.repeat(2_400)}`] },
  { target: `${LIST}?${'x'.repeat(15_000)}` },
  { target: `${LIST}?${'x'.repeat(17_000)}` },
  { target: `${LIST} ${MARK}` },
  { target: `${LIST}\t` },
  { target: `${LIST}?\0${MARK}` },
  { target: '' },
  { version: 'HTTP/1.0' },
  { version: 'HTTP/1.0', fields: [] },
  { version: 'HTTP/1.0', fields: [HOST, 'Connection: keep-alive'] },
  { version: 'HTTP/1.0', fields: [HOST, 'Accept-Encoding: gzip', 'Connection: keep-alive'] },
  { version: 'HTTP/0.9' },
  { version: 'HTTP/2.0' },
  { version: `${MARK}/1.1` },
  { method: 'get' },
  { method: MARK },
];

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PURGE',
  'QUERY',
  'PROPFIND',
  'CONNECT',
];

const request = (given: Partial<Hostile>): Hostile => ({
  method: 'GET',
  target: LIST,
  version: 'HTTP/1.1',
  fields: [HOST],
  body: '',
  ...given,
});

/** The fields, and `Host` unless it is one of them. */
export const withHost = (fields: readonly string[]) =>
  fields.some((field) => field.startsWith('Host:')) ? fields : [HOST, ...fields];

const PAGES = [LIST, ROW];

/** Every way to name a page. */
export const namesOf = (page: string, targets = targetsOf(page)): readonly (readonly Hostile[])[] =>
  targets.map((target) => [request({ target })]);

/** Every shape once, of one page, and of whatever else is a target there. */
export const shapesOf = (page: string, targets = targetsOf(page)): readonly (readonly Hostile[])[] =>
  [
    ...namesOf(page, targets).flat(),
    ...FIELDS.map((fields) => request({ target: page, fields: withHost(fields) })),
    ...FIELDS.map((fields) => request({ target: page, method: 'HEAD', fields: withHost(fields) })),
    ...BODIES.map(({ fields, body }) => request({ target: page, fields: [HOST, ...fields], body })),
    ...HEADS.map((head) => request({ target: page, ...head })),
    ...METHODS.map((method) => request({ target: page, method })),
  ].map((shape) => [shape]);

/** Every shape of the service once. */
export const SHAPES = [
  ...shapesOf(LIST, TARGETS),
  ...FIELDS.map((fields) => [request({ target: ROW, fields: withHost(fields) })]),
];

/** Any target with a few fields, by any method that needs no answer of its own kind. */
export const hostile = (targets = TARGETS, pages = PAGES): fc.Arbitrary<Hostile> =>
  fc
    .record({
      method: fc.oneof(
        { weight: 8, arbitrary: fc.constant('GET') },
        { weight: 2, arbitrary: fc.constantFrom(...METHODS) },
      ),
      target: fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom(...pages) },
        { weight: 3, arbitrary: fc.constantFrom(...targets) },
      ),
      version: fc.oneof(
        { weight: 9, arbitrary: fc.constant('HTTP/1.1') },
        { weight: 1, arbitrary: fc.constant('HTTP/1.0') },
      ),
      games: fc.array(fc.constantFrom(...FIELDS), { maxLength: 3 }),
      content: fc.option(fc.constantFrom(...BODIES), { freq: 6, nil: { fields: [], body: '' } }),
    })
    .map(({ method, target, version, games, content }) => {
      const fields = withHost([...games.flat(), ...content.fields]);
      return request({ method, target, version, fields, body: content.body });
    });

export const bytesOf = ({ method, target, version, fields, body }: Hostile): Buffer =>
  Buffer.from(
    `${method} ${target} ${version}\r\n${fields.map((f) => `${f}\r\n`).join('')}\r\n${body}`,
    'latin1',
  );

/** The values of a field of the request, as one list; undefined without it. */
export function fieldOf({ fields }: Hostile, name: string): string | undefined {
  const values = fields
    .filter((field) => field.toLowerCase().startsWith(`${name}:`))
    .map((field) => field.slice(name.length + 1).trim());
  return values.length > 0 ? values.join(', ') : undefined;
}

/** Each set of fields in one packet with plain hits, before it and after it, or only after it where it would not be sent. */
export const pipelines = (sets: readonly (readonly string[])[], pages: readonly string[] = [LIST, ROW]) =>
  sets.flatMap((fields, index) => {
    const plain = request({ target: pages[index % pages.length] ?? LIST });
    const other = request({ target: pages[(index >> 1) % pages.length] ?? LIST, fields: withHost(fields) });
    const packet = [plain, other, plain];
    return [answerable(packet).includes(other) ? packet : [other, plain]];
  });

/**
 * Those of one packet that are sure to be answered: Node drops what follows a request to upgrade, also where nobody
 * upgrades, and what follows one that ends the connection is answered or not, as it happens. CONNECT ends it at once. And
 * to a request that waits behind another, Node may send `100 Continue` between the head of its answer and the body.
 */
export function answerable(requests: readonly Hostile[]): readonly Hostile[] {
  const last = requests.findIndex(isLast);
  const sent = last < 0 ? requests : requests.slice(0, last + 1);
  const patient = sent.length > 1 ? sent.filter(isPatient) : sent;
  return patient.length > 0 ? patient : sent.slice(-1);
}

const isPatient = (given: Hostile, index: number) =>
  given.method !== 'CONNECT' && (index === 0 || fieldOf(given, 'expect') === undefined);

function isLast(given: Hostile): boolean {
  if (given.version === 'HTTP/1.0' || fieldOf(given, 'upgrade') !== undefined) return true;
  return /\bclose\b/.test(fieldOf(given, 'connection') ?? '') || fieldOf(given, 'expect') === MARK;
}
