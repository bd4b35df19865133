/** The page layer on applications of its own, in one process: what a process costs is more than these tests. */
import './page-layer/storing.ts';
import './page-layer/freshness.ts';
import './page-layer/flights.ts';
import './page-layer/edges.ts';
import './page-layer/rules.ts';
