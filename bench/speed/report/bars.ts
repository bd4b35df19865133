import { thousands } from '../../table.ts';
import type { Bar } from '../bars.ts';
import { figure, spread, type Table } from './table.ts';

/** Whether each bar is met, and by what. */
export function barTable(bars: readonly Bar[]): Table {
  const row = ({ rows, text, limit, measured, met }: Bar) => [
    text,
    thousands(rows),
    limit.text,
    measured ? spread(measured, figure) : 'not compressed',
    met ? 'met' : 'missed',
  ];
  return {
    title: 'Bars',
    header: ['bar', 'rows', 'needed', 'median (min–max)', ''],
    rows: bars.map(row),
  };
}
