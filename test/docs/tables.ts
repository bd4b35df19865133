import type { FastifyInstance } from 'fastify';
import { configSchema } from '../../src/config.ts';
import * as errors from '../../src/errors.ts';

/** What the tables are made of. */
export interface Sources {
  /** Has Redis configured, whose metrics are absent otherwise. */
  readonly app: FastifyInstance;
  /** `GET /openapi.json`. */
  readonly document: OpenApi;
}

export interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, ObjectSchema>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly description: string }[];
  readonly responses: Readonly<Record<string, { readonly content: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: ObjectSchema }>>;

interface ObjectSchema {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties: Readonly<Record<string, ObjectSchema>>;
}

/**
 * The tables of the reference which are the code's, by the name of the region where each is. `npm run docs` writes them,
 * and generated.test.ts compares.
 */
export async function tablesOf({ app, document }: Sources): Promise<Readonly<Record<string, string>>> {
  return {
    configuration: configuration(),
    errors: errorTable(),
    routes: routes(document),
    parameters: parameters(document),
    'cache-metrics': cacheMetrics(document),
    metrics: metrics((await app.inject('/metrics')).body),
  };
}

function configuration(): string {
  const rows = Object.entries(configSchema.properties).map(([name, schema]) => {
    const value = Reflect.get(schema, 'default');
    return [code(name), value === undefined ? 'unset' : code(value), Reflect.get(schema, 'description')];
  });
  return table(['name', 'default', 'meaning'], rows);
}

/** An error without a status of its own is never sent: it ends the start, or is a bug and answered as `PL_INTERNAL`. */
function errorTable(): string {
  const rows = Object.values(errors).map((Coded) => {
    const { code: name, statusCode, message } = Reflect.construct(Coded, []);
    return [code(name), statusCode === 500 ? '' : statusCode, message.replaceAll(/%[sd]/g, '…')];
  });
  rows.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return table(['code', 'status', 'message'], rows);
}

function routes({ paths }: OpenApi): string {
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary, security, responses }]) => [
      code(`${method.toUpperCase()} ${path}`),
      summary,
      security ? 'yes' : '',
      Object.keys(responses).join(' '),
    ]),
  );
  return table(['route', 'what it does', 'write key', 'answers'], rows);
}

function parameters({ paths }: OpenApi): string {
  const rows = paths['/properties/']?.get?.parameters?.map(({ name, description }) => [
    code(name),
    description,
  ]);
  return table(['parameter', 'meaning'], rows ?? []);
}

/** Every layer and tier has the same. */
function cacheMetrics({ paths, components }: OpenApi): string {
  const named = (schema: ObjectSchema | undefined) =>
    schema?.$ref === undefined ? schema : components.schemas[schema.$ref.replace(/^.*\//, '')];
  const { content } = paths['/properties/cache-metrics/']?.get?.responses[200] ?? {};
  const schema = named(content?.['application/json']?.schema);
  const { layers } = schema?.properties ?? {};
  const shared = layers?.properties.pages?.properties.shared?.properties ?? {};
  return table(
    ['figure', 'counts'],
    Object.entries(shared).map(([name, { description }]) => [code(name), description]),
  );
}

/** Those of prom-client itself have names that begin with `process_` and `nodejs_`. */
function metrics(text: string): string {
  const told = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)/gm)];
  const rows = told
    .filter(([, name = '']) => !/^(process|nodejs)_/.test(name))
    .map(([, name, help, type]) => [code(name), type, help]);
  return table(['metric', 'type', 'meaning'], rows);
}

const code = (value: unknown): string => `\`${value}\``;

function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map(escaped).join(' | ')} |`.replace(/ {2,}/g, ' ')).join('\n');
}

const escaped = (cell: unknown): string => String(cell).replaceAll('|', '\\|');
