// @ts-check
import { announce, byId } from './dom.js';

const statement = byId('sql', HTMLElement);
const copy = byId('copy-sql', HTMLButtonElement);

copy.hidden = !('clipboard' in navigator); // As on a page that came without TLS from another machine.
copy.onclick = async () => {
  await navigator.clipboard.writeText(statement.textContent);
  announce('Copied.');
};

/**
 * Offers a statement to change a listing with, past this service.
 * @param {{ readonly id: number } | undefined} property One that is on the screen.
 */
export function tryInPsql(property) {
  if (property)
    statement.textContent = `UPDATE properties_property SET price = price + 1 WHERE id = ${property.id};`;
}
