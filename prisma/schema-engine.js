#!/usr/bin/env node
// What Prisma's CLI runs in place of the schema engine that it would download (PRISMA_SCHEMA_ENGINE_BINARY,
// set by prisma.config.ts). It runs before anything is built: tsx loads the TypeScript.
import { tsImport } from 'tsx/esm/api';

// The CLI parses what is on stderr: no warnings there, and a crash as the engine would log it.
process.removeAllListeners('warning');
process.on('uncaughtException', ({ message }) => {
  process.stderr.write(`${JSON.stringify({ level: 'ERROR', fields: { message } })}\n`, () => process.exit(1));
});

const { runSchemaEngine } = await tsImport('../src/database/migrate/command-line.ts', import.meta.url);
const { stdin: input, stdout: output, stderr: errors } = process;
process.exitCode = await runSchemaEngine(process.argv.slice(2), { input, output, errors });
