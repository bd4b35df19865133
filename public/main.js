// @ts-check
import { Changes } from './changes.js';
import { byId } from './dom.js';
import { Editor } from './editor.js';
import { InvalidationLog } from './invalidations.js';
import { Listings } from './listings.js';
import { LiveFeed } from './live.js';
import { Remover } from './remover.js';
import { ServiceState } from './service-state.js';
import { Story } from './story.js';
import { Traffic } from './traffic.js';
import { tryInPsql } from './try-in-psql.js';
import { Witnesses } from './witnesses.js';

/** The whole page: a table of contents. */
const listings = new Listings({
  add: () => editor.add(),
  edit: (id) => void editor.edit(id),
  remove: (id) => void remover.ask(id),
  shown(properties) {
    tryInPsql(properties[0]);
    void witnesses.choose(properties);
  },
});
const story = new Story();
const witnesses = new Witnesses();
const changes = new Changes({ listings, story, witnesses });
const editor = new Editor(changes);
const remover = new Remover(changes);
const state = new ServiceState();
const traffic = new Traffic();
const log = new InvalidationLog();

let instance = '';
let started = 0;

new LiveFeed('/dashboard/events', {
  hello(hello) {
    const again = started !== 0;
    const restarted = again && started !== hello.startedAt;
    ({ instance, startedAt: started } = hello);
    traffic.begin(hello);
    log.replace(hello.invalidations);
    state.show(hello.state, instance);
    // What changed while it was not connected is not known.
    if (!again) return;
    void witnesses.warm(); // A server that was started again has an empty cache.
    const what = restarted ? 'The server was started again.' : 'Connected again.';
    void listings.load({ because: `${what} The list was read again.` });
  },
  sample: (sample) => traffic.add(sample),
  invalidation(invalidation) {
    log.add(invalidation);
    changes.heard(invalidation);
  },
  state: (now) => state.show(now, instance),
  lost: (since) => state.showLost(since),
});

byId('add', HTMLButtonElement).onclick = () => editor.add();
byId('read-again', HTMLButtonElement).onclick = () => void changes.readAgain();

/** What expired would be no hit, though nobody changed it. Milliseconds. */
const WARM_MS = 60_000;
setInterval(() => void witnesses.warm(), WARM_MS);

void listings.load();
