import { Server } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** How many turns of the event loop are waited for a quiet one. */
const MAX_TURNS = 200;

/**
 * Closes the listener, and no connection. Whoever has connected and was not accepted yet loses the connection with what he
 * has sent on it, and has to ask again, which nobody may do for him if it was a write. So it is done right after the
 * event loop has looked for connections and found none.
 */
export async function stopAccepting(server: Server): Promise<void> {
  let accepted = true;
  const seen = () => {
    accepted = true;
  };
  server.on('connection', seen);
  for (let turns = 0; accepted && turns < MAX_TURNS; turns += 1) {
    accepted = false;
    await turn();
  }
  server.off('connection', seen);
  Server.prototype.close.call(server); // That of HTTP ends idle connections as well.
}
