import { runFolder } from './helpers/folder.ts';

runFolder('page-cache');
