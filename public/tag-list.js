// @ts-check
import { element } from './dom.js';
import { count } from './format.js';
import { tagInWords } from './words.js';

/**
 * The tags of an invalidation, each with what depends on it.
 * @param {import('./words.js').Invalidation} invalidation
 */
export function tagList({ tags, more }) {
  const items = tags.map((tag) => element('li', { title: tagInWords(tag) }, element('code', {}, tag)));
  if (more > 0) items.push(element('li', {}, `and ${count(more)} more`));
  return element('ul', { className: 'tags', ariaLabel: 'Tags' }, ...items);
}
