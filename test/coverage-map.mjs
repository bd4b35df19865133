import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What tap counts coverage of: what runs in production, and not what Prisma generates or the tests share. */
const sources = readdirSync('dist/src', { recursive: true })
  .filter((name) => name.endsWith('.js') && !name.startsWith('generated'))
  .map((name) => join('dist', 'src', name));

export default () => sources;
