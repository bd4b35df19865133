import { runFolder } from '../helpers/folder.ts';

for (const folder of ['features/dashboard', 'features/metrics']) runFolder(folder);
