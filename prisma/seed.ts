import { existsSync } from 'node:fs';
import { runSeed } from './seed/command-line.ts';

/** What `npx prisma db seed` runs: the process edge. */
if (existsSync('.env')) process.loadEnvFile();
const { env, stdout: output, stderr: errors } = process;
process.exitCode = await runSeed(process.argv.slice(2), { env, dataDirectory: '.data', output, errors });
