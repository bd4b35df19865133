import { runFolder } from './helpers/folder.ts';

for (const folder of ['docs', 'prisma', 'process', 'properties']) runFolder(folder);
