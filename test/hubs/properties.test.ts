import { runFolder } from '../helpers/folder.ts';

runFolder('features/properties');
