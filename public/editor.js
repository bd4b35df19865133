// @ts-check
import { problemOf, readProperty, write } from './api.js';
import { Conflict, isSame, merged } from './conflict.js';
import { byId, dialogOf, showText } from './dom.js';
import { shortened } from './format.js';
import { ADVICE, FIELDS, wrongIn } from './listing-fields.js';
import { buttonOf } from './rows.js';
import { showFieldError } from './search-form.js';
import { withKey } from './write-key.js';

/**
 * @typedef {import('./api.js').Property} Property
 * @typedef {import('./api.js').PropertyInput} PropertyInput
 */

/** @typedef {{ property: Property, etag: string } | undefined} Opened What is edited; undefined: a new listing. */

const LIST = new Intl.ListFormat('en');

/**
 * The dialog in which a listing is added or edited. An edit goes through only while the listing is still the one that
 * was opened (`If-Match`); otherwise it is joined with what somebody else changed, field by field. Where that is the same
 * field both versions are shown, and whoever edits decides. What is right is the server's to say, field by field; what it
 * would refuse for certain is not sent.
 *
 * What was typed is given up by Cancel only: after Escape (a slip, or the back gesture of a phone) it is there again when
 * the same listing, or a new one, is opened next.
 */
export class Editor {
  #dialog = dialogOf('editor', () => buttonOf(this.#opened?.property.id, 'edit') ?? byId('add', HTMLElement));
  #form = byId('editor-form', HTMLFormElement);
  #save = byId('editor-save', HTMLButtonElement);
  #error = byId('editor-error', HTMLElement);
  #restored = byId('editor-restored', HTMLElement);
  /**
   * What was typed and not sent, by the id of its listing.
   * @type {Map<number | undefined, { opened: Opened, typed: PropertyInput }>}
   */
  #drafts = new Map();
  #conflict;
  #changes;
  /** @type {Opened} */
  #opened;
  /** What the form had before anything was typed. */
  #filled = { title: '', location: '', price: '', description: '' };
  /** How often it was opened: what comes late is not for the next one. */
  #openings = 0;
  #sending = false;

  /** @param {import('./changes.js').Changes} changes */
  constructor(changes) {
    this.#changes = changes;
    this.#conflict = new Conflict({
      takeTheirs: (both) => {
        this.#fill(both);
        this.#field('title').focus();
      },
      keepMine: () => {
        this.#save.focus(); // The button that was pressed is gone.
        void this.#send();
      },
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.#dialog.addEventListener('close', () => this.#keepDraft());
    byId('editor-restart', HTMLButtonElement).onclick = () => {
      this.#drafts.delete(this.#opened?.property.id);
      const id = this.#opened?.property.id;
      if (id === undefined) this.add();
      else void this.edit(id);
    };
  }

  add() {
    this.#open(undefined);
  }

  /** @param {number} id */
  async edit(id) {
    try {
      this.#open(await readProperty(id));
    } catch (error) {
      this.#changes.couldNot(`open listing ${id}`, error);
    }
  }

  /** @param {Opened} read What the listing is now. */
  #open(read) {
    const draft = this.#drafts.get(read?.property.id);
    const opened = draft ? draft.opened : read; // Of an older version: what has changed since is joined when it is saved.
    this.#openings += 1;
    this.#setSending(false);
    this.#become(opened);
    this.#form.reset();
    if (opened) this.#fill(opened.property);
    this.#filled = this.#typed;
    if (draft) this.#fill(draft.typed);
    this.#restored.hidden = !draft;
    this.#showProblem(undefined);
    this.#conflict.hide();
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#dialog.returnValue = '';
    this.#field('title').focus();
  }

  /** Cancel and a write that was answered leave their names behind, Escape does not. */
  #keepDraft() {
    const id = this.#opened?.property.id;
    const typed = this.#typed;
    const isDraft =
      this.#dialog.returnValue === '' && FIELDS.some((name) => typed[name] !== this.#filled[name]);
    if (isDraft) this.#drafts.set(id, { opened: this.#opened, typed });
    else this.#drafts.delete(id);
  }

  /** @param {Opened} opened */
  #become(opened) {
    this.#opened = opened;
    const title = opened ? `Edit listing ${opened.property.id}` : 'Add a listing';
    byId('editor-title', HTMLElement).textContent = title;
    this.#save.textContent = opened ? 'Save' : 'Add';
  }

  /** @param {PropertyInput} property */
  #fill(property) {
    for (const name of FIELDS) this.#field(name).value = property[name];
  }

  /** @returns {PropertyInput} */
  get #typed() {
    const value = (/** @type {keyof PropertyInput} */ name) => this.#field(name).value;
    return {
      title: value('title'),
      location: value('location'),
      price: value('price'),
      description: value('description'),
    };
  }

  /** @returns {PropertyInput} */
  get #input() {
    const { title, location, price, description } = this.#typed;
    return {
      title: title.trim(),
      location: location.trim(),
      price: price.trim(),
      description: description.trim(),
    };
  }

  /** @param {keyof PropertyInput} name */
  #field(name) {
    return /** @type {HTMLInputElement | HTMLTextAreaElement} */ (this.#form.elements.namedItem(name));
  }

  async #send() {
    if (this.#sending) return;
    const body = this.#input;
    if (this.#showWrong(wrongIn(body))) return;
    const opening = this.#openings;
    const id = this.#opened?.property.id;
    const isStillOpen = () => this.#dialog.open && this.#openings === opening;
    this.#setSending(true);
    try {
      const written = await withKey((key) => this.#write(key, body));
      if (!written) return;
      if (isStillOpen()) this.#dialog.close('saved');
      else this.#drafts.delete(id);
    } catch (error) {
      if (isStillOpen()) this.#showProblem(problemOf(error));
      else this.#changes.couldNot(`save “${shortened(body.title)}”`, error);
    } finally {
      if (isStillOpen()) this.#setSending(false);
    }
  }

  /**
   * The button stays enabled: disabled it would lose the focus.
   * @param {boolean} sending
   */
  #setSending(sending) {
    this.#sending = sending;
    this.#save.ariaDisabled = String(sending);
  }

  /**
   * @param {string} key
   * @param {PropertyInput} body
   */
  #write(key, body) {
    const title = shortened(body.title);
    if (!this.#opened) {
      const send = () => write('POST', '/properties/', { key, body });
      return this.#changes.make({ id: undefined, send, words: () => `You added “${title}”.` });
    }
    const opened = this.#opened;
    const { property } = opened;
    /** @type {Set<keyof PropertyInput>} */
    const theirs = new Set();
    const send = () => this.#change(opened, { key, body, theirs });
    return this.#changes.make({ id: property.id, send, words: () => wordsOf(property, body, theirs) });
  }

  /**
   * Changes the listing that was opened, together with what somebody else has changed in other fields since.
   * @param {NonNullable<Opened>} opened
   * @param {{ key: string, body: PropertyInput, theirs: Set<keyof PropertyInput> }} what The fields that they changed are added to `theirs`.
   * @returns {Promise<Property | undefined>}
   */
  async #change({ property: base, etag }, { key, body, theirs }) {
    try {
      // Not PUT, which would take away the fields that the form does not have.
      return await write('PATCH', `/properties/${base.id}/`, { key, etag, body });
    } catch (error) {
      if (problemOf(error).status !== 412) throw error;
      const now = await readProperty(base.id);
      const { both, changed, conflicts } = merged({ base, theirs: now.property, mine: body });
      for (const name of changed) theirs.add(name);
      if (conflicts.length === 0) return this.#change(now, { key, body: both, theirs });
      throw Object.assign(problemOf(error), { conflict: { now, both, conflicts } });
    }
  }

  /** @param {import('./api.js').Problem | undefined} problem */
  #showProblem(problem) {
    const isOfFields = this.#showWrong(problem?.fields ?? new Set());
    showText(this.#error, isOfFields ? undefined : problem?.message);
    if (problem?.conflict) this.#showConflict(problem.conflict);
    if (problem?.status !== 404) return;
    this.#become(undefined);
    showText(this.#error, 'Somebody deleted this listing meanwhile. You can add it as a new one.');
  }

  /**
   * Says beside each field that is wrong what to write there, and goes to the first of them.
   * @param {ReadonlySet<string>} wrong
   * @returns {boolean} Whether there is one.
   */
  #showWrong(wrong) {
    for (const name of FIELDS) showFieldError(this.#field(name), wrong.has(name) ? ADVICE[name] : undefined);
    const first = FIELDS.find((name) => wrong.has(name));
    if (first) this.#field(first).focus();
    return first !== undefined;
  }

  /** @param {import('./api.js').ConflictingEdit} conflict */
  #showConflict({ now, both, conflicts }) {
    this.#opened = now;
    this.#fill(both);
    showText(this.#error, undefined);
    this.#conflict.show({ theirs: now.property, mine: both, conflicts });
  }
}

/**
 * What was changed.
 * @param {PropertyInput} before
 * @param {PropertyInput} after
 * @param {ReadonlySet<keyof PropertyInput>} theirs What somebody else had changed meanwhile, and was kept.
 */
function wordsOf(before, after, theirs) {
  const changed = FIELDS.filter((name) => !isSame(name, before, after)).map((name) => `the ${name}`);
  const what = changed.length > 0 ? `changed ${LIST.format(changed)} of` : 'saved, unchanged,';
  const also = LIST.format([...theirs].map((name) => `the ${name}`));
  const kept = theirs.size > 0 ? ` Somebody else had changed ${also} meanwhile: that was kept.` : '';
  return `You ${what} “${shortened(after.title)}”.${kept}`;
}
