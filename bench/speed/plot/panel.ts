import { thousands } from '../../table.ts';
import type { ThroughputName } from '../cases.ts';
import { apart, decades, logScale, type Scale } from './scale.ts';

export interface Line {
  readonly name: ThroughputName;
  readonly label: string;
  readonly points: readonly { readonly rows: number; readonly rate: number }[];
}

export const WIDTH = 512;
export const HEIGHT = 420;

/** Where the lines are drawn. */
const LEFT = 72;
const RIGHT = 312;
const TOP = 44;
const BOTTOM = HEIGHT - 48;

/** Of the labels, to the right of what they name. */
const LABEL = RIGHT + 26;
const LINE_HEIGHT = 17;

/** From the middle of a line of text to where it stands. */
const BASELINE = 4;

/** One plot: lines, each with its name at its end. */
export function panelOf(title: string, lines: readonly Line[]): string {
  const points = lines.flatMap((line) => line.points);
  const heading = `<text class="title" x="${LEFT}" y="24">requests/s, ${title}</text>`;
  if (points.length === 0) return `${heading}\n<text x="${LEFT}" y="${TOP + 20}">not measured</text>`;
  const rates = decades(points.map(({ rate }) => rate));
  const rows = [...new Set(points.map((point) => point.rows))].sort((a, b) => a - b);
  const x = logScale([rows[0] ?? 1, rows.at(-1) ?? 1], [LEFT + 12, RIGHT - 12]);
  const y = logScale([rates[0] ?? 1, rates.at(-1) ?? 1], [BOTTOM, TOP]);
  return [heading, ...rateAxis(rates, y), ...rowAxis(rows, x), ...linesOf(lines, x, y)].join('\n');
}

function rateAxis(rates: readonly number[], y: Scale): string[] {
  return rates.flatMap((rate) => [
    `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${at(y(rate))}" y2="${at(y(rate))}"/>`,
    `<text class="tick" x="${LEFT - 8}" y="${at(y(rate) + BASELINE)}">${thousands(rate)}</text>`,
  ]);
}

function rowAxis(rows: readonly number[], x: Scale): string[] {
  return [
    ...rows.map((row) => `<text class="row" x="${at(x(row))}" y="${BOTTOM + 18}">${thousands(row)}</text>`),
    `<text class="row" x="${(LEFT + RIGHT) / 2}" y="${BOTTOM + 36}">rows</text>`,
  ];
}

function linesOf(lines: readonly Line[], x: Scale, y: Scale): string[] {
  const ends = lines.map(({ points }) => y(points.at(-1)?.rate ?? 1));
  const labels = apart(ends, LINE_HEIGHT, [TOP, BOTTOM]);
  return lines.flatMap(({ name, label, points }, index) => {
    const places = points.map(({ rows, rate }) => [at(x(rows)), at(y(rate))] as const);
    const [endX, endY] = places.at(-1) ?? [0, 0];
    const labelY = labels[index] ?? 0;
    return [
      `<polyline class="${name}" points="${places.join(' ')}"/>`,
      ...places.map(([cx, cy]) => `<circle class="${name}" cx="${cx}" cy="${cy}" r="3"/>`),
      `<path class="${name} leader" d="M${endX + 5} ${endY}L${LABEL - 5} ${at(labelY)}"/>`,
      `<text class="${name} label" x="${LABEL}" y="${at(labelY + BASELINE)}">${label}</text>`,
    ];
  });
}

/** To a tenth of a pixel. */
const at = (place: number): number => Math.round(place * 10) / 10;
