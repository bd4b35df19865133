import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../src/package-root.ts';

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8');
const pages = ['.', 'docs', '.github'].flatMap((folder) =>
  readdirSync(join(packageRoot, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);
const { scripts } = JSON.parse(read('package.json'));

/** The anchor that GitHub makes of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

const headingsOf = (page: string) =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** The text that is not an example, in which a # is a heading and brackets are a link. */
const proseOf = (page: string) => read(page).replace(/^```.*?^```/gms, '');

const namedIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);

for (const page of pages) {
  t.test(`in ${page}`, async (t) => {
    t.test('every link to a file or a heading leads there', async (t) => {
      for (const link of namedIn(proseOf(page), /\]\((?!https?:)([^)\s]+)\)/g)) {
        const [path = '', anchor] = link.split('#');
        const target = path ? normalize(join(dirname(page), path)) : page;
        t.ok(existsSync(join(packageRoot, target)), link);
        if (anchor !== undefined) t.ok(headingsOf(target).includes(anchor), link);
      }
    });

    t.test('every file that is named exists', async (t) => {
      const named = namedIn(
        proseOf(page),
        /`((?:\.ci|\.github|bench|docs|prisma|scripts|src|test)\/[\w./-]*)`/g,
      );
      for (const path of named) t.ok(existsSync(join(packageRoot, path)), path);
    });

    t.test('every npm script that is named exists', async (t) => {
      const named = namedIn(read(page), /npm run (?:--silent |-s )?([\w:]+)/g);
      for (const name of named) t.ok(Object.hasOwn(scripts, name), name);
    });
  });
}

t.test('every npm script is named in the README or in CONTRIBUTING.md', async (t) => {
  const text = read('README.md') + read('CONTRIBUTING.md');
  for (const name of Object.keys(scripts))
    t.match(text, new RegExp(`npm (run (--silent )?)?${name}\\b`), name);
});

t.test('.ci/run runs scripts that exist', async (t) => {
  const named = namedIn(read('.ci/run'), /(?:npm run|run_tests \w+) ([a-z][\w:]*)/g);
  t.ok(named.length > 5);
  for (const name of named) t.ok(Object.hasOwn(scripts, name), name);
});
