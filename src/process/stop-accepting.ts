import { Server } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** How short a turn of the event loop is in which nothing happened. Milliseconds. */
const QUIET_MS = 0.25;

/** How long, and for how many turns, such a one is waited for: time alone passes while the process is not run. Milliseconds. */
const PATIENCE_MS = 500;
const PATIENCE_TURNS = 100;

/**
 * Closes the listener, and no connection. Whoever has connected and was not accepted yet loses the connection with what he
 * has sent on it, and has to ask again, which nobody may do for him if it was a write. So it is done right after the
 * event loop has looked for connections and found none, nor anything else that would have taken time since.
 */
export async function stopAccepting(server: Server): Promise<void> {
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
  Server.prototype.close.call(server); // That of HTTP ends idle connections as well.
}
