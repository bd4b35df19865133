import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { Type } from 'typebox';
import { codeOf, fieldsOf, parserOf } from '../../platform/index.ts';
import { withoutBacktrace } from '../reasons.ts';
import type { OpenSchemaEngine } from './migrate.ts';

const parseRequest = parserOf(
  Type.Object({
    id: Type.Number(),
    /** Absent in what the CLI answers to `print`. */
    method: Type.Optional(Type.String()),
    params: Type.Optional(Type.Unknown()),
  }),
);

/** One JSON object a line; the CLI sends a request once the one before it is answered. */
export interface Channel {
  input: Readable;
  output: Writable;
}

/**
 * Methods that need the schema to which the migrations lead, and find it only where a diagnosis has left it: without one, the
 * engine opens a shadow database by itself, and not through the adapter.
 */
const AFTER_DIAGNOSIS = new Set(['evaluateDataLoss', 'createMigration']);

/**
 * Prisma's schema engine as its CLI speaks to it: JSON-RPC 2.0 in lines, until the input ends. Every request
 * gets an engine of its own, because applying migrations makes one forget its diagnosis.
 */
export async function serve(
  { input, output }: Channel,
  open: () => Promise<OpenSchemaEngine>,
): Promise<void> {
  const send = (message: object) => output.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  for await (const line of createInterface({ input })) {
    const { id, method, params } = parseRequest(line);
    if (method === undefined) continue;
    try {
      const result = await answer(open, method, params);
      if (hasText(result)) send({ id, method: 'print', params: { content: result.stdout } });
      send({ id, result: result ?? null });
    } catch (error) {
      send({ id, error: { code: 4466, message: 'Schema engine error', data: details(error) } });
    }
  }
}

async function answer(open: () => Promise<OpenSchemaEngine>, method: string, params: unknown) {
  const { engine, close } = await open();
  try {
    if (AFTER_DIAGNOSIS.has(method)) await call(engine, 'devDiagnostic', params);
    return await call(engine, method, params);
  } finally {
    await close();
  }
}

async function call(engine: object, method: string, params: unknown): Promise<unknown> {
  const operation: unknown = fieldsOf(engine)[method === 'getDatabaseVersion' ? 'version' : method];
  if (typeof operation !== 'function') throw new Error(`The schema engine cannot do ${method}`);
  return Reflect.apply(operation, engine, [params]);
}

/** The result of `migrate diff`: only the binary engine prints it itself. */
function hasText(result: unknown): result is { stdout: string } {
  return typeof result === 'object' && result !== null && 'stdout' in result && result.stdout !== null;
}

function details(error: unknown): object {
  return { is_panic: false, message: withoutBacktrace(error), error_code: codeOf(error) };
}
