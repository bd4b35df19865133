import { Server } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

/** How short a turn of the event loop is in which nothing happened, and how long one is waited for. Milliseconds. */
const QUIET_MS = 0.25;
const PATIENCE_MS = 500;

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
  for (let now = performance.now(), took = Infinity; (accepted || took > QUIET_MS) && now < deadline; ) {
    accepted = false;
    const began = now;
    await turn();
    now = performance.now();
    took = now - began;
  }
  server.off('connection', seen);
  Server.prototype.close.call(server); // That of HTTP ends idle connections as well.
}
