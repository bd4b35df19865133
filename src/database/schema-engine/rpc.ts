import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { OpenSchemaEngine } from '../schema-engine.ts';
import { codeOf, messageOf } from './errors.ts';

interface Request {
  id: number;
  /** Absent in what the CLI answers to `print`. */
  method?: string;
  params?: unknown;
}

/** One JSON object a line; the CLI sends a request once the one before it is answered. */
export interface Channel {
  input: Readable;
  output: Writable;
}

/**
 * What finds the schema that the migrations amount to only where a diagnosis has left it: asked without one, the
 * engine wants a shadow database and does not come to us for it.
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
    const { id, method, params }: Request = JSON.parse(line);
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
  const operation: unknown = Reflect.get(engine, method === 'getDatabaseVersion' ? 'version' : method);
  if (typeof operation !== 'function') throw new Error(`The schema engine cannot do ${method}`);
  return Reflect.apply(operation, engine, [params]);
}

/** The result of `migrate diff`: only the binary engine prints it itself. */
function hasText(result: unknown): result is { stdout: string } {
  return typeof result === 'object' && result !== null && 'stdout' in result && result.stdout !== null;
}

function details(error: unknown): object {
  return { is_panic: false, message: messageOf(error), error_code: codeOf(error) };
}
