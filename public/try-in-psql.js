// @ts-check
import { announce, byId } from './dom.js';

const statement = byId('sql', HTMLElement);
const copy = byId('copy-sql', HTMLButtonElement);

/** How long it is said that it was copied. Milliseconds. */
const SHOWN_MS = 2_000;

copy.hidden = !('clipboard' in navigator); // As on a page that came without TLS from another machine.
copy.onclick = async () => {
  const copied = await navigator.clipboard.writeText(statement.textContent).then(
    () => true,
    () => false,
  );
  copy.textContent = copied ? 'Copied' : 'Not copied';
  announce(`${copy.textContent}.`);
  setTimeout(() => {
    copy.textContent = 'Copy';
  }, SHOWN_MS);
};

/**
 * Offers a statement to change a listing with, past this service.
 * @param {{ readonly id: number } | undefined} property One that is on the screen.
 */
export function tryInPsql(property) {
  if (property)
    statement.textContent = `UPDATE properties_property SET price = price + 1 WHERE id = ${property.id};`;
}
