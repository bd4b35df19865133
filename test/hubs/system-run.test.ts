import { runFolder } from '../helpers/folder.ts';

runFolder('run');
