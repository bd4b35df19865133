import { formatTable } from '../../table.ts';
import type { Spread } from '../statistics.ts';

export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** As aligned text, or as Markdown; ends with a line break. */
export function formatted(markdown: boolean): (table: Table) => string {
  return markdown ? markdownOf : ({ title, header, rows }) => `${title}\n${formatTable(header, rows)}`;
}

function markdownOf({ title, header, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rule = header.map((_, column) => (column === 0 ? '---' : '--:'));
  return `**${title}**\n\n${[header, rule, ...rows].map(line).join('')}`;
}

/** `median (min–max)`. */
export function spread({ median, min, max }: Spread, format: (figure: number) => string): string {
  return Number.isNaN(median) ? '–' : `${format(median)} (${format(min)}–${format(max)})`;
}

/** Two digits that say something, of small figures; whole numbers from 100 on. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 10 ? 1 : 2);
}
