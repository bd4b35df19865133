import {
  type History,
  type Invented,
  judgeRead,
  type Lost,
  type Outcome,
  REACHES,
  type Reach,
  type Read,
  type Sighting,
  type Stale,
  type Write,
} from './history.ts';
import type { Answer } from './requests.ts';
import type { Timeline } from './timeline.ts';

/** How many examples of a violation are kept. */
const EXAMPLES = 5;

/** What must not happen at all. */
export type Wrong =
  | 'invented'
  | 'lost'
  | 'not at rest'
  | 'end of an instance'
  | 'no recovery'
  | 'stuck'
  | 'unexpected 5xx'
  | 'overloaded too often'
  | 'unexpected status'
  | 'unexpected disconnection'
  | 'nothing checked';

export type Lookup = 'hit' | 'miss' | 'bypass' | 'last known';

export interface Violation {
  readonly name: string;
  count: number;
  readonly examples: string[];
}

/** Who asked what, when, and what came back. */
export interface Exchange {
  readonly what: string;
  readonly instance: number;
  readonly began: number;
  readonly ended: number;
  readonly answer: Answer;
}

export type ReadRecord = Read & { readonly what: string; readonly cacheStatus: string };

interface StaleExample {
  readonly window: number;
  readonly text: string;
}

/** The load gate: the machine, which instances and clients share, had more to do than could be done in time. */
const OVERLOADED = /"code":"PL_OVERLOADED"/;

/** Judges every read when it has ended, and counts: a long run keeps its writes in memory, not its reads. */
export class Tally {
  readonly #history: History;
  readonly #timeline: Timeline;
  readonly #origin: number;
  readonly #hits = new Map<number, number>();
  #watchedFrom = 0;

  reads = 0;
  readonly writes: Record<Exclude<Outcome, 'pending'>, number> = { acked: 0, refused: 0, unknown: 0 };
  readonly lookups: Record<Lookup, number> = { hit: 0, miss: 0, bypass: 0, 'last known': 0 };
  /** Requests that the load gate refused, each of which says so. */
  overloaded = 0;
  readonly errors = { expected: 0, unexpected: 0 };
  readonly disconnections = { expected: 0, unexpected: 0 };
  readonly windows: Record<Reach, number[]> = { api: [], unshared: [], outside: [] };
  readonly staleExamples: Record<Reach, StaleExample[]> = { api: [], unshared: [], outside: [] };
  readonly violations = new Map<Wrong, Violation>();

  constructor(history: History, timeline: Timeline, origin: number) {
    this.#history = history;
    this.#timeline = timeline;
    this.#origin = origin;
  }

  /** A read that was answered with what it asked for. */
  read(read: ReadRecord): void {
    this.reads += 1;
    const lookup = lookupOf(read.cacheStatus);
    this.lookups[lookup] += 1;
    if (lookup === 'hit') this.#noteHit(read);
    const findings = judgeRead(this.#history, read);
    for (const finding of findings) {
      if (finding.kind === 'invented') this.wrong('invented', this.#tell(read, finding));
    }
    if (lookup === 'last known') return; // It says itself that it may be stale.
    for (const reach of REACHES) this.#noteStale(read, worst(findings, reach));
  }

  write(outcome: Exclude<Outcome, 'pending'>): void {
    this.writes[outcome] += 1;
  }

  /** An answer that is not what was asked for: a 5xx, another status, or none. */
  failure(exchange: Exchange): void {
    const { what, instance, began, ended, answer } = exchange;
    const explained = this.#timeline.explains('fails', instance, began, ended);
    const text = `${what} on instance ${instance}, ${this.#span(exchange)}: `;
    if (answer.outcome === 'stuck') this.wrong('stuck', `${text}no answer`);
    else if (answer.outcome === 'failed') {
      this.disconnections[explained ? 'expected' : 'unexpected'] += 1;
      if (!explained) this.wrong('unexpected disconnection', text + answer.reason);
    } else if (answer.status < 500) this.wrong('unexpected status', `${text}${answer.status} ${answer.body}`);
    else {
      if (!explained && OVERLOADED.test(answer.body)) {
        this.overloaded += 1;
        return;
      }
      this.errors[explained ? 'expected' : 'unexpected'] += 1;
      if (!explained) this.wrong('unexpected 5xx', `${text}${answer.status} ${answer.body}`);
    }
  }

  wrong(name: Wrong, example: string): void {
    const violation = this.violations.get(name) ?? { name, count: 0, examples: [] };
    this.violations.set(name, violation);
    violation.count += 1;
    if (violation.examples.length < EXAMPLES) violation.examples.push(example);
  }

  lost({ row, version, expected }: Lost): void {
    this.wrong('lost', `${nameOf(row, version)} in the table at the end, and v ${expected} was acked`);
  }

  /** From now on, which instances answer from their cache again? */
  watchHits(from: number): void {
    this.#watchedFrom = from;
    this.#hits.clear();
  }

  /** When each instance first had, since then. */
  get firstHits(): readonly number[] {
    return [...this.#hits.values()];
  }

  /** Milliseconds from the start of the run, for a reader. */
  at(time: number): string {
    return `${(time - this.#origin).toFixed(1)} ms`;
  }

  #noteHit({ instance, began, ended }: Read): void {
    if (began >= this.#watchedFrom && !this.#hits.has(instance)) this.#hits.set(instance, ended);
  }

  #noteStale(read: ReadRecord, stale: Stale | undefined): void {
    if (!stale) return;
    this.windows[stale.reach].push(stale.window);
    const examples = this.staleExamples[stale.reach];
    const shortest = examples.at(-1)?.window ?? 0;
    if (examples.length === EXAMPLES && stale.window <= shortest) return;
    examples.push({ window: stale.window, text: this.#tell(read, stale) });
    examples.sort((a, b) => b.window - a.window);
    examples.length = Math.min(examples.length, EXAMPLES);
  }

  #tell(read: ReadRecord, finding: Stale | Invented): string {
    const saw = `${read.what} on instance ${read.instance}, ${this.#span(read)}, saw ${nameOf(finding.row, finding.version)}`;
    const cache = `cache-status "${read.cacheStatus}"`;
    if (finding.kind === 'invented') return `${saw}, which was never written; ${cache}`;
    const write = this.#history.writesOf(finding.row)[finding.newer - 1];
    const newer = write ? this.#tellWrite(write) : `v ${finding.newer}`;
    return `${saw} ${finding.window.toFixed(1)} ms after ${newer}; ${cache}`;
  }

  #tellWrite({ version, source, invoked, ended }: Write): string {
    const by = source === 'sql' ? 'with SQL' : `by instance ${source}`;
    return `v ${version} (${by}, ${this.at(invoked)} to ${this.at(ended)}) was acked`;
  }

  #span({ began, ended }: Pick<Read, 'began' | 'ended'>): string {
    return `${this.at(began)} to ${this.at(ended)} (${this.#timeline.describe(began)})`;
  }
}

function lookupOf(cacheStatus: string): Lookup {
  if (cacheStatus.includes('stale-if-error')) return 'last known';
  if (/; hit\b/.test(cacheStatus)) return 'hit';
  return cacheStatus.includes('fwd=bypass') ? 'bypass' : 'miss';
}

function worst(findings: readonly (Stale | Invented)[], reach: Reach): Stale | undefined {
  const stale = findings.filter(
    (finding): finding is Stale => finding.kind === 'stale' && finding.reach === reach,
  );
  return stale.sort((a, b) => b.window - a.window)[0];
}

function nameOf(row: number, version: Sighting['version']): string {
  return version === 'absent' ? `row ${row} absent` : `row ${row} v ${version}`;
}
