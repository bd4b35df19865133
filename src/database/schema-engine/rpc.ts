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
 * Prisma's schema engine as its CLI speaks to it: JSON-RPC 2.0 in lines, until the input ends. The engine is
 * opened by the first request, so that a failure to do so is the answer to it.
 */
export async function serve(
  { input, output }: Channel,
  open: () => Promise<OpenSchemaEngine>,
): Promise<void> {
  let opened: Promise<OpenSchemaEngine> | undefined;
  const send = (message: object) => output.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  for await (const line of createInterface({ input })) {
    const request: Request = JSON.parse(line);
    if (request.method === undefined) continue;
    opened ??= open();
    try {
      const result = await call((await opened).engine, request.method, request.params);
      if (hasText(result)) send({ id: request.id, method: 'print', params: { content: result.stdout } });
      send({ id: request.id, result: result ?? null });
    } catch (error) {
      send({ id: request.id, error: { code: 4466, message: 'Schema engine error', data: details(error) } });
    }
  }
  await opened?.then(
    ({ close }) => close(),
    () => 'never opened',
  );
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
