/** What a gate does with the items that arrive, and how long they wait. */
export interface GateOptions<T> {
  /** Whether there is as much to do behind the gate as can be done in time. */
  isFull(): boolean;
  enter(item: T): void;
  refuse(item: T): void;
  /** Whether it waits for nothing any more: it is let go of without a word. */
  isGone(item: T): boolean;
  /** How long one may wait, and how long it may before the newest come first. Milliseconds. */
  readonly patienceMs: number;
  readonly inOrderMs: number;
  readonly maxWaiting: number;
  readonly now?: () => number;
}

interface Waiting<T> {
  readonly item: T;
  readonly since: number;
}

/**
 * How many enter in one turn of the event loop. What they do behind the gate is seen some turns later: this bounds how
 * many are let in too many until then.
 */
const PER_TURN = 8;

/** Between two looks while the gate is full. Milliseconds. */
const LOOK_MS = 2;

/**
 * Lets in as many items as can be worked on in time. Others wait; an item that has waited for too long is refused.
 *
 * 1. While it is not full it costs nothing: an item that arrives enters at once.
 * 2. While the wait is short, the oldest enters first. When it is not, more arrive than can enter, and some will be refused:
 *    then the newest enters first, so that an item that enters has not waited, and is answered in time
 *    (https://queue.acm.org/detail.cfm?id=2839461, "adaptive LIFO").
 * 3. A refusal comes at the end of the wait. One that came at once would be cheap to ask for again, and clients that do
 *    would leave this process no time for anything else.
 */
export class Gate<T> {
  readonly #options: GateOptions<T>;
  readonly #now: () => number;
  /** The oldest first. */
  readonly #waiting: Waiting<T>[] = [];
  #entered = 0;
  #scheduled = false;
  #isOpen = false;

  constructor(options: GateOptions<T>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  arrive(item: T): void {
    if (this.#isOpen || (this.waiting === 0 && this.#mayEnter())) this.#enter(item);
    else this.#waiting.push({ item, since: this.#now() });
    if (this.waiting > this.#options.maxWaiting) this.#refuse(this.#waiting.shift());
    this.#schedule(setImmediate); // Also when none waits: the count of those that entered is reset in each turn.
  }

  /** Lets every item in from now on. */
  open(): void {
    this.#isOpen = true;
    for (const { item } of this.#waiting.splice(0)) this.#enter(item);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#entered = 0;
    const now = this.#now();
    while (this.#haveWaited(this.#options.patienceMs, now)) this.#refuse(this.#waiting.shift());
    while (this.waiting > 0 && this.#mayEnter()) {
      const isLate = this.#haveWaited(this.#options.inOrderMs, now);
      const next = isLate ? this.#waiting.pop() : this.#waiting.shift();
      if (next) this.#enter(next.item);
    }
    if (this.waiting > 0) this.#schedule(this.#options.isFull() ? soon : setImmediate);
  };

  /** Whether the oldest one has waited for so long. */
  #haveWaited(milliseconds: number, now: number): boolean {
    const [first] = this.#waiting;
    return first !== undefined && now - first.since >= milliseconds;
  }

  #mayEnter(): boolean {
    return this.#entered < PER_TURN && !this.#options.isFull();
  }

  #enter(item: T): void {
    if (this.#options.isGone(item)) return;
    this.#entered += 1;
    this.#options.enter(item);
  }

  #refuse(waiting: Waiting<T> | undefined): void {
    if (waiting && !this.#options.isGone(waiting.item)) this.#options.refuse(waiting.item);
  }

  #schedule(when: (turn: () => void) => unknown): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    when(this.#turn);
  }
}

const soon = (turn: () => void) => setTimeout(turn, LOOK_MS);
