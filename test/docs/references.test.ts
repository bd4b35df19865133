import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path/posix';
import t from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';

const read = (name: string) => readFileSync(join(packageRoot, name), 'utf8');
const pagesIn = (folder: string, recursive = false) =>
  readdirSync(join(packageRoot, folder), { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const documentation = pagesIn('docs', true);
const pages = [...pagesIn('.'), ...documentation, ...pagesIn('.github')];
const { scripts } = JSON.parse(read('package.json'));

/** The anchor that GitHub makes of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

/** The text that is not an example, in which a # is a heading and brackets are a link. */
const proseOf = (page: string) => read(page).replace(/^ *```.*?^ *```$/gms, '');

const headingsOf = (page: string) =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

const namedIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);

/** What a link or a picture names in this repository: a file, with a heading or without. */
const linksOf = (page: string) =>
  [/\]\((?!https?:)([^)\s]+)\)/g, /(?:src|srcset|href)="(?!https?:)([^"\s]+)"/g]
    .flatMap((pattern) => namedIn(proseOf(page), pattern))
    .map((link) => {
      const [path = '', anchor] = link.split('#');
      return { link, target: path ? normalize(join(dirname(page), path)) : page, anchor };
    });

const sourceNames = new Set(
  ['bench', 'prisma', 'src', 'support', 'test']
    .flatMap((folder) => readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' }))
    .map((name) => basename(name)),
);

for (const page of pages) {
  t.test(`in ${page}`, async (t) => {
    t.test('every link to a file or a heading leads there', async (t) => {
      for (const { link, target, anchor } of linksOf(page)) {
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

    t.test('no two headings of a page are the same', async (t) => {
      if (page === 'CHANGELOG.md') return; // Each release has the same.
      t.strictSame(headingsOf(page), [...new Set(headingsOf(page))]);
    });

    t.test('every source that is named without its folder exists', async (t) => {
      for (const name of namedIn(proseOf(page), /`([\w-]+\.(?:test\.)?ts)`/g))
        t.ok(sourceNames.has(name), name);
    });

    t.test('every compiled file that is named has a source', async (t) => {
      for (const path of namedIn(read(page), /\bdist\/([\w./-]+)\.js/g))
        t.ok(existsSync(join(packageRoot, `${path}.ts`)), path);
    });

    t.test('every npm script that is named exists', async (t) => {
      const named = namedIn(read(page), /npm run (?:--silent |-s )?([\w:]+)/g);
      for (const name of named) t.ok(Object.hasOwn(scripts, name), name);
    });
  });
}

const sources = readdirSync(join(packageRoot, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('generated'))
  .map((name) => join('src', name));

/** Addresses, which may end like a file, are no comments of ours. */
const commentsOf = (source: string) =>
  (read(source).match(/\/\*.*?\*\/|\/\/[^\n]*/gs) ?? []).join('\n').replace(/https?:\S+/g, '');

t.test(
  'every file that a comment of src/ names exists: beside it, or from the root where it has a path',
  async (t) => {
    const named = sources.flatMap((source) =>
      namedIn(commentsOf(source), /(?<![\w./-])([\w./-]+\.[jt]s)\b/g).map((name) => [source, name] as const),
    );
    t.ok(named.length > 5);
    for (const [source, name] of named) {
      const folder = name.includes('/') ? '.' : dirname(source);
      t.ok(existsSync(join(packageRoot, folder, name)), `${source} names ${name}`);
    }
  },
);

/** Such as a word that was put in the place of a part of another one. */
t.test('no comment of src/ has a word with a capital in it which is no name of the code', async (t) => {
  for (const source of sources) {
    const words =
      commentsOf(source)
        .replace(/`[^`]*`/g, '')
        .match(/\b[a-z]+[A-Z]\w*/g) ?? [];
    const code = read(source).replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
    for (const word of words) t.match(code, new RegExp(`\\b${word}\\b`), `${source}: ${word}`);
  }
});

t.test('every page of docs/ can be reached from the README', async (t) => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    const linked = linksOf(page).map(({ target }) => target);
    for (const target of linked.filter((path) => documentation.includes(path))) reached.add(target);
  }
  for (const page of documentation) t.ok(reached.has(page), page);
});

t.test('the README is a front page: short, and one click from what is looked for first', async (t) => {
  t.ok(read('README.md').split('\n').length <= 150);
  const linked = linksOf('README.md').map(({ target }) => target);
  for (const page of [
    'tutorial',
    'reference/configuration',
    'reference/api',
    'guides/seeding',
    'concepts/coherence',
    'reference/metrics',
    'architecture',
    'guides/troubleshooting',
    'guarantees',
  ]) {
    t.ok(linked.includes(`docs/${page}.md`), page);
  }
});

t.test('every npm script is named in the documentation or in CONTRIBUTING.md', async (t) => {
  const text = ['README.md', 'CONTRIBUTING.md', ...documentation].map(read).join('\n');
  for (const name of Object.keys(scripts))
    t.match(text, new RegExp(`npm (run (--silent )?)?${name}\\b`), name);
});

t.test('.ci/run runs scripts that exist', async (t) => {
  const named = namedIn(read('.ci/run'), /(?:npm run|run_tests \w+) ([a-z][\w:]*)/g);
  t.ok(named.length > 5);
  for (const name of named) t.ok(Object.hasOwn(scripts, name), name);
});
