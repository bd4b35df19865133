import { runFolder } from './helpers/folder.ts';

await runFolder('http');
