import { runFolder } from '../helpers/folder.ts';

for (const folder of ['system/postgres', 'embedded']) runFolder(folder);
