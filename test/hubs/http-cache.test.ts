import { runFolder } from '../helpers/folder.ts';

for (const folder of ['http-cache', 'cache', 'checker']) runFolder(folder);
