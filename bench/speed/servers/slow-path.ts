import { buildApp } from '../../../src/app.ts';
import { BatchedOutput } from '../../../src/process/batched-output.ts';
import { listen } from './given.ts';

/** The service without its fast path: what that buys is the difference. */

const app = await buildApp({
  env: process.env,
  dataDirectory: '.data',
  log: new BatchedOutput(),
  fastPath: false,
});
await listen(app);
