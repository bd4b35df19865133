import { runFolder } from './helpers/folder.ts';

await runFolder('database');
