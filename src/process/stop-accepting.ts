import { setImmediate as turn } from 'node:timers/promises';
import type { MultiAddressServer } from '../http/index.ts';

/** A turn of the event loop that is shorter than this did nothing. Milliseconds. */
const QUIET_MS = 0.25;

/** How long such a turn is waited for, in milliseconds and in turns: time alone passes while the process is not scheduled. */
const PATIENCE_MS = 500;
const PATIENCE_TURNS = 100;

/**
 * Closes the listeners, and no connection. A connection that was made and is not accepted yet is lost with the request on it,
 * which a proxy may not repeat if it is a write. So the listeners are closed right after a turn of the event loop that found
 * no connection to accept, and nothing else that took time.
 */
export async function stopAccepting(server: MultiAddressServer): Promise<void> {
  let accepted = false;
  const seen = () => {
    accepted = true;
  };
  server.on('connection', seen);
  const deadline = performance.now() + PATIENCE_MS;
  for (
    let turns = 0, quiet = false;
    !quiet && (turns < PATIENCE_TURNS || performance.now() < deadline);
    turns += 1
  ) {
    accepted = false;
    const began = performance.now();
    await turn();
    quiet = !accepted && performance.now() - began < QUIET_MS;
  }
  server.off('connection', seen);
  server.stopListening();
}
