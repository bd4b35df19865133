import { runFolder } from './helpers/folder.ts';

for (const folder of ['docs', 'metrics', 'prisma', 'process', 'properties']) runFolder(folder);
