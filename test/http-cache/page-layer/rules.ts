/** The rules of an HTTP cache on routes with a `ttl` (DESIGN §5), each with a test of its own. */
import './rules/vary.ts';
import './rules/ranges.ts';
import './rules/requests.ts';
import './rules/compression.ts';
import './rules/streams.ts';
import './rules/unsafe-methods.ts';
