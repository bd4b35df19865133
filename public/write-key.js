// @ts-check
import { Problem } from './api.js';
import { byId, dialogOf, showText } from './dom.js';
import { isWritingOff } from './problem-words.js';

/** Where the key is kept: in this tab, until it is closed. */
const KEPT_AS = 'write-key';

/** It is asked for in another dialog, whose button goes on being what was pressed. */
const dialog = dialogOf('key-dialog', () => document.querySelector('dialog[open] [type="submit"]'));
const input = byId('key', HTMLInputElement);
const error = byId('key-error', HTMLElement);

byId('key-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const key = input.value.trim();
  if (!/^[\x21-\x7e]+$/.test(key)) {
    showText(error, key === '' ? 'Write the key.' : 'A key is one word of letters, digits and signs.');
    return input.focus();
  }
  sessionStorage.setItem(KEPT_AS, key);
  dialog.close();
});

/**
 * Writes with the key. It is asked for once, and again when the server does not take it.
 * @template T
 * @param {(key: string) => Promise<T>} send
 * @returns {Promise<T | undefined>} Undefined when no key was given.
 */
export async function withKey(send) {
  let refused = '';
  for (;;) {
    const key = sessionStorage.getItem(KEPT_AS) ?? (await askForKey(refused));
    if (key === null) return undefined;
    try {
      return await send(key);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      sessionStorage.removeItem(KEPT_AS);
      if (isWritingOff(error.detail)) throw error; // No key would do.
      refused = error.message;
    }
  }
}

/**
 * @param {string} refused Why the last key was not taken.
 * @returns {Promise<string | null>}
 */
function askForKey(refused) {
  showText(error, refused);
  input.value = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(sessionStorage.getItem(KEPT_AS)), { once: true });
  });
}
