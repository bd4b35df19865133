import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { Type } from 'typebox';
import { parserOf } from '../../platform/index.ts';
import { withoutBacktrace } from '../reasons.ts';
import { canConnectToDatabase, createDatabase, DatabaseError } from './database.ts';
import { openSchemaEngine } from './migrate.ts';
import { type Channel, serve } from './rpc.ts';
import { loadWasm } from './wasm.ts';

const SUB_COMMANDS = new Map([
  ['can-connect-to-database', canConnectToDatabase],
  ['create-database', createDatabase],
]);

const MALFORMED_URL = 'P1013';

const parseDatasource = parserOf(Type.Object({ url: Type.String() }));

export interface Streams extends Channel {
  errors: Writable;
}

/**
 * The command line of Prisma's schema engine as far as its CLI uses it: `--version`, `cli <sub-command>`, and
 * else JSON-RPC on the streams until `input` ends. Returns the exit code.
 */
export async function runSchemaEngine(args: string[], streams: Streams): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      version: { type: 'boolean' },
      datasource: { type: 'string', default: '{"url":""}' },
      datamodels: { type: 'string', multiple: true },
      'enabled-preview-features': { type: 'string' },
      'extension-types': { type: 'string' },
    },
  });
  if (values.version) return printVersion(streams.output);
  const { url } = parseDatasource(values.datasource);
  const subCommand = SUB_COMMANDS.get(positionals[1] ?? '');
  if (subCommand) return report(subCommand(url), streams.errors);
  await serve(streams, async () => openSchemaEngine(url, await readAll(values.datamodels)));
  return 0;
}

async function printVersion(output: Writable): Promise<number> {
  output.write(`schema-engine-wasm ${(await loadWasm()).version()}\n`);
  return 0;
}

/** On failure the CLI skips the first line of what it finds in `errors` and parses the others, all of them. */
async function report(done: Promise<void>, errors: Writable): Promise<number> {
  try {
    await done;
    return 0;
  } catch (error) {
    const error_code = error instanceof DatabaseError ? error.prismaCode : MALFORMED_URL;
    const fields = { message: withoutBacktrace(error), error_code };
    errors.write(`\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}`);
    return 1;
  }
}

/** None has to stay none: the engine panics on an empty list. */
async function readAll(paths?: string[]): Promise<[string, string][] | undefined> {
  return paths && Promise.all(paths.map(async (path) => [path, await readFile(path, 'utf8')]));
}
