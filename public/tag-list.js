// @ts-check
import { element } from './dom.js';
import { count } from './format.js';
import { tagInWords } from './words.js';

/** How many tags are explained. */
const EXPLAINED = 3;

/**
 * The first tags of an invalidation, each with what depends on it.
 * @param {import('./words.js').Invalidation} invalidation
 */
export function explainedTags({ tags, more, names = {} }) {
  const explained = tags.slice(0, EXPLAINED);
  const items = explained.map((tag) =>
    element('li', {}, element('code', {}, tag), ` ${tagInWords(tag, names[tag])}`),
  );
  const rest = more + tags.length - explained.length;
  if (rest > 0) items.push(element('li', {}, `and ${count(rest)} more`));
  return element('ul', { className: 'tags', ariaLabel: 'Tags' }, ...items);
}

/**
 * The tags of an invalidation, with what those stand for that are hashes.
 * @param {import('./words.js').Invalidation} invalidation
 */
export function tagList({ tags, more, names = {} }) {
  const items = tags.map((tag) => {
    const known = names[tag] ?? [];
    const item = element('li', { title: tagInWords(tag, known) }, element('code', {}, tag));
    if (known.length > 0) item.append(` ${known.join(', ')}`);
    return item;
  });
  if (more > 0) items.push(element('li', {}, `and ${count(more)} more`));
  return element('ul', { className: 'tags', ariaLabel: 'Tags' }, ...items);
}
