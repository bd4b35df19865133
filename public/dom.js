// @ts-check

/**
 * The element of the page with this id, which is of this kind.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} ${id}`);
  return found;
}

/**
 * A new element. Text is always text, never markup.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]> & { readonly className?: string }} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/**
 * @param {string} text
 * @param {string} [className]
 */
export const paragraph = (text, className = '') => element('p', { className }, text);

/**
 * @param {string} label
 * @param {() => void} onclick
 * @param {string} [className]
 */
export const button = (label, onclick, className = '') =>
  element('button', { type: 'button', className, onclick }, label);

/**
 * Shows a text in its place; without one the place is not there.
 * @param {HTMLElement} place
 * @param {string | undefined} text
 */
export function showText(place, text) {
  place.textContent = text ?? '';
  place.hidden = !text;
}

/**
 * Says something to who cannot see it: one short sentence, of which the last one counts.
 * @param {string} sentence
 */
export function announce(sentence) {
  byId('announcer', HTMLElement).textContent = sentence;
}

/** Whether something has the focus that can be seen. */
export function isFocusKept() {
  const { activeElement, body } = document;
  return activeElement !== null && activeElement !== body && activeElement.checkVisibility();
}

/**
 * A dialog whose buttons marked `data-close` close it. What had the focus before has it again then; where that is gone,
 * what `home` names.
 * @param {string} id
 * @param {() => HTMLElement | null} home
 */
export function dialogOf(id, home) {
  const dialog = byId(id, HTMLDialogElement);
  dialog.addEventListener('close', () => {
    if (!isFocusKept()) home()?.focus();
  });
  for (const closer of dialog.querySelectorAll('[data-close]')) {
    closer.addEventListener('click', () => dialog.close('cancel'));
  }
  return dialog;
}
