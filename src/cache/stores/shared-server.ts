/** How much a server holds, of this service and of other programs. */
export interface ServerSize {
  readonly keys: number;
  /** Memory that it has in use, for whatever it is. */
  readonly bytes: number;
}

/** What was counted in a window of time. */
export interface WindowCount {
  readonly count: number;
  /** Until the window ends. Milliseconds. */
  readonly left: number;
}

/** The server behind a shared store, as the users of the cache see it: its health, its size, and its kind. */
export interface SharedServer {
  /** Its name in metrics and health. */
  readonly kind: 'redis';
  /** Whether it answers, and can be written. */
  readonly up: boolean;
  /** What it last said; null when that was nothing. */
  readonly size: ServerSize | null;
  /** Asks for its size. Never rejects. */
  ask(): Promise<void>;
  /** Adds one to what all instances count under `name`, in a window that begins with the first. Rejects while it is away. */
  count(name: string, windowMs: number): Promise<WindowCount>;
}
