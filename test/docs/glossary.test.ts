import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import t from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';

/** Words that had several meanings, or whose thing has a standard name, each with what to write instead. */
const RETIRED: Readonly<Record<string, string>> = {
  anybody: 'any client, any program, or what else it is',
  'before router': 'fast path',
  'early hits?': 'hit on the fast path',
  everybody: 'every client, every instance, or what else it is',
  exchange: 'received response, request',
  figures: 'metrics, statistics, usage',
  'first contact': 'preflight',
  forms: 'encoded variants; notations, formats',
  he: 'it; the client, the process, the caller',
  hearing: 'listening, notification, delivery',
  him: 'it; the client, the process, the caller',
  his: 'its',
  keeper: 'what it keeps, or who holds it',
  'last answers': 'drain; last known answer',
  'long way': 'slow path',
  nobody: 'no client, no caller, never',
  places: 'buckets, slots, locations, installations',
  'questions?': 'list query, lookup target, command, probe',
  signpost: 'vary marker',
  somebody: 'a client, another caller',
  someone: 'a developer, a client',
  told: 'called, reported, sent, named',
  unheard: 'not reported, not delivered',
  verdict: 'storage policy, decision',
  ways: 'URLs, paths, what they are',
  whoever: 'the caller, the client, the process that',
  whom: 'the client, the process that',
};

const sources = readdirSync(join(packageRoot, 'src'), { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.startsWith('generated'),
);

/** Comments, and strings, which are none of the words that are checked: log lines, SQL and protocols have their own. */
const COMMENT_OR_STRING =
  /(\/\*.*?\*\/|\/\/[^\n]*)|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/gs;

/** The words of the file's name, of identifiers and of comments, in small letters: `fastPath` is "fast path". */
function wordsOf(source: string): string {
  const text = readFileSync(join(packageRoot, 'src', source), 'utf8');
  return `${source} ${text}`
    .replace(COMMENT_OR_STRING, (_, comment: string | undefined) => comment ?? ' ')
    .replace(/https?:\S+/g, ' ')
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, ' ')
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .toLowerCase();
}

const words = new Map(sources.map((source) => [source, wordsOf(source)]));

/** The rows of the terms that are in use; those of parts that are not built come after them. */
const [glossary = ''] = readFileSync(join(packageRoot, 'docs/glossary.md'), 'utf8').split('not built yet');
const terms = [...glossary.matchAll(/^\| (.+?) \| (.+) \|$/gm)]
  .map(([, term = '', meaning = '']) => ({ term, meaning }))
  .filter(({ term }) => term !== 'term');

t.test('the glossary defines each term once, in sentences', async (t) => {
  t.ok(terms.length > 20);
  t.same(
    terms.map(({ term }) => term),
    [...new Set(terms.map(({ term }) => term))].sort(),
  );
  for (const { term, meaning } of terms) t.match(meaning, /^[A-Z].*\.$/, term);
});

t.test('every term of the glossary is used in src/', async (t) => {
  const all = [...words.values()].join('\n');
  for (const { term } of terms) t.match(all, new RegExp(`\\b${term}(s|es|d)?\\b`), term);
});

t.test('src/ uses no word that was retired', async (t) => {
  for (const [word, instead] of Object.entries(RETIRED)) {
    const retired = new RegExp(`\\b${word}\\b`);
    const users = [...words].filter(([, text]) => retired.test(text)).map(([source]) => source);
    t.same(users, [], `${word}: write ${instead}`);
  }
});

t.test('the words of a source are those of its identifiers and comments', async (t) => {
  t.match(wordsOf('http-cache/fast-path/fast-path.ts'), /\bexport type fast path listener\b/);
  t.notMatch(wordsOf('plugins/database.ts'), /hearing what other programs change/);
});
