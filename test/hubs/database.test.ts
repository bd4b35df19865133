import { runFolder } from '../helpers/folder.ts';

for (const folder of ['database', 'plugins', 'coherence', 'docs', 'prisma', 'platform', 'process'])
  runFolder(folder);
