import { runFolder } from './helpers/folder.ts';

runFolder('http', (file) => !/^(listing|page|streaming)/.test(file)); // The others are in pages.test.ts.
