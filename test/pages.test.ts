import { runFolder } from './helpers/folder.ts';

runFolder('http', (file) => /^(listing|page|streaming)/.test(file));
