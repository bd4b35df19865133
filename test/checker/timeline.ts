/** What a fault makes of answers that would be wrong without it. */
export interface Consequences {
  /** A 5xx, or no connection, is to be expected. */
  readonly fails?: boolean;
}

export interface FaultWindow {
  readonly name: string;
  /** The one instance that it hits; undefined: all. */
  readonly instance: number | undefined;
  readonly consequences: Consequences;
  readonly began: number;
  /** Infinity until then. */
  healed: number;
  /** When every instance had answered from its cache again; Infinity until then. */
  recovered: number;
}

/** When what was broken, on the checker's clock. */
export class Timeline {
  readonly #windows: FaultWindow[] = [];

  open(window: Pick<FaultWindow, 'name' | 'instance' | 'consequences' | 'began'>): FaultWindow {
    const opened = { ...window, healed: Infinity, recovered: Infinity };
    this.#windows.push(opened);
    return opened;
  }

  /** Whether something between `began` and `ended` had this consequence for the instance. */
  explains(consequence: keyof Consequences, instance: number, began: number, ended: number): boolean {
    return this.#windows.some(
      (window) =>
        window.consequences[consequence] === true &&
        (window.instance === undefined || window.instance === instance) &&
        window.began <= ended &&
        window.recovered >= began,
    );
  }

  /** The last fault that had begun by then, and how far it was. */
  describe(at: number): string {
    const last = this.#windows.findLast(({ began }) => began <= at);
    if (!last) return 'no fault before';
    const where = last.instance === undefined ? '' : ` of instance ${last.instance}`;
    if (at < last.healed) return `during ${last.name}${where}`;
    return `${Math.round(at - last.healed)} ms after ${last.name}${where}`;
  }
}
