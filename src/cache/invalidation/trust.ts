/**
 * Whether every source of changes and of tokens is in contact. While one is not, a change may go unreported.
 *
 * A source is lost until it is regained, or watched: then it counts as lost whenever it cannot show that it is alive.
 */
export class Trust {
  /** A symbol for each loss, so that `regain` does not clear a newer loss of the same source. */
  readonly #losses = new Map<string, symbol>();
  readonly #watched: (() => boolean)[] = [];
  #epoch = 0;

  /** Whether a source that was lost has not been regained. */
  get isBroken(): boolean {
    return this.#losses.size > 0;
  }

  /** Whether every watched source is alive. */
  get isAlive(): boolean {
    return this.#watched.every((isAlive) => isAlive());
  }

  /** Another number after every loss: what was read before a loss must not be used after it. */
  get epoch(): number {
    return this.#epoch;
  }

  watch(isAlive: () => boolean): void {
    this.#watched.push(isAlive);
  }

  lose(source: string): void {
    this.#epoch += 1;
    this.#losses.set(source, Symbol(source));
  }

  /** Regains the source when `catchUp` has made up for what was missed, unless it was lost again meanwhile. */
  async regain(source: string, catchUp: () => Promise<void>): Promise<void> {
    const loss = this.#losses.get(source);
    await catchUp();
    if (this.#losses.get(source) === loss) this.#losses.delete(source);
  }
}
