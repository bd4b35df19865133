import { loadEnvironment } from '../src/platform/environment.ts';
import { runSeed } from './seed/command-line.ts';

/** What `npx prisma db seed` runs: the process edge. */
try {
  const { stdout: output, stderr: errors } = process;
  const seed = { env: loadEnvironment(), dataDirectory: '.data', output, errors };
  process.exitCode = await runSeed(process.argv.slice(2), seed);
} catch (error) {
  process.stderr.write(`${Object(error).message}\n`);
  process.exitCode = 1;
}
