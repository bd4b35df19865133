import { runFolder } from '../helpers/folder.ts';

runFolder('system/instances');
