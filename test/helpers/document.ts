import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';

export interface Operation {
  readonly operationId: string;
  readonly security?: unknown;
  readonly parameters?: readonly { name: string; in: string; example?: unknown }[];
  readonly requestBody?: { readonly content: Record<string, { example?: unknown; schema: object }> };
  readonly responses: Readonly<Record<string, Answer>>;
}

interface Answer {
  readonly headers: object;
  readonly content?: object;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  // biome-ignore lint/suspicious/noExplicitAny: schemas of any shape.
  readonly components: { readonly schemas: Record<string, any>; readonly securitySchemes: object };
}

/** Header fields that say something to a client of this API; the others are of HTTP, of the connection or for browsers. */
const NAMED =
  /^(age|cache-status|content-range|etag|link|location|ratelimit-.*|retry-after|www-authenticate|x-request-id)$/;

/** The document of the service, and what it says against an answer: nothing, where that is as documented. */
export async function documentOf(app: FastifyInstance) {
  const document: Document = (await app.inject('/openapi.json')).json();
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'document');

  function faultOf(method: string, path: string, response: LightMyRequestResponse): string | undefined {
    const { statusCode, headers, body } = response;
    const { responses } = document.paths[path]?.[method] ?? {};
    const status = responses?.[statusCode] ? String(statusCode) : 'default';
    const answer = responses?.[status];
    if (!answer) return `${method} ${path} is not documented`;
    const named = Object.keys(answer.headers).map((name) => name.toLowerCase());
    const unknown = Object.keys(headers).filter((name) => NAMED.test(name) && !named.includes(name));
    if (unknown.length > 0) return `${status} has ${unknown}`;
    const [type = ''] = String(headers['content-type'] ?? '').split(';');
    if (statusCode === 206) return undefined; // A part of what is documented.
    if (!answer.content) return type || body ? `${status} has a body` : undefined;
    if (!Object.hasOwn(answer.content, type)) return `${status} is ${type}`;
    const way = ['paths', path, method, 'responses', status, 'content', type, 'schema'];
    const pointer = way.map((name) => encodeURIComponent(name.replaceAll('/', '~1'))).join('/');
    const validate = ajv.compile({ $ref: `document#/${pointer}` });
    const value = type.endsWith('json') ? JSON.parse(body) : body;
    return validate(value) ? undefined : JSON.stringify(validate.errors);
  }

  return { document, faultOf };
}
