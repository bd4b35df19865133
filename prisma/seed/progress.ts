/** Fewer rows are added before a person would read a line about it. */
const FROM_ROWS = 1_000;

/** Of the bar, in characters. */
const WIDTH = 30;

export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  add(rows: number): void;
  /** Ends the line that was being redrawn, finished or not. */
  end(): void;
}

/** How far `total` rows are: on a terminal one line, redrawn; elsewhere a line for each tenth. */
export function showProgress(total: number, screen: Screen, now = () => performance.now()): Progress {
  if (total < FROM_ROWS) return { add() {}, end() {} };
  const start = now();
  let done = 0;
  let tenths = 0;
  return {
    add(rows) {
      done += rows;
      const perSecond = (done / Math.max(now() - start, 1)) * 1_000;
      const rate = `${number(perSecond)} rows/s, ${number(Math.ceil((total - done) / perSecond))} s left`;
      const percent = Math.floor((done / total) * 100);
      if (screen.isTTY) screen.write(`\r\x1b[K${bar(done / total)} ${percent}%  ${rate}`);
      else if (Math.floor(percent / 10) > tenths) {
        screen.write(`${percent}%: ${number(done)} of ${number(total)} rows, ${rate}\n`);
      }
      tenths = Math.floor(percent / 10);
    },
    end() {
      if (screen.isTTY) screen.write('\n');
    },
  };
}

function bar(share: number): string {
  const full = Math.floor(share * WIDTH);
  return `[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}]`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}
