/** The page layer as a shared cache in front of any origin: routes with `freshness: 'response'` (RFC 9111). */
import './forwarding/freshness.ts';
import './forwarding/validation.ts';
import './forwarding/requests.ts';
import './forwarding/stale.ts';
import './forwarding/by-hand.ts';
