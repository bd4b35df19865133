/** What hostile clients send, and what it must not do to anybody else. */
import '../hostile/service.ts';
import '../hostile/plugin.ts';
import '../hostile/collisions.ts';
