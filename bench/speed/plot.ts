import { THROUGHPUT, type ThroughputName } from './cases.ts';
import { keysOf } from './keys.ts';
import { rateOf } from './measures.ts';
import type { Encoding } from './pages.ts';
import { HEIGHT, type Line, panelOf, WIDTH } from './plot/panel.ts';
import { STYLE } from './plot/style.ts';
import type { Outcome } from './rounds.ts';
import { spreadOf } from './statistics.ts';

const ENCODINGS: readonly Encoding[] = ['identity', 'gzip'];

const TITLE = 'Requests a second against rows of the page';

/** An SVG of throughput against rows, both logarithmic: a panel for each encoding, a line for each case. */
export function plotOf(outcomes: readonly Outcome[]): string {
  const panels = ENCODINGS.map((encoding, index) => {
    const panel = panelOf(encoding, linesOf(outcomes, encoding));
    return `<g transform="translate(${index * WIDTH} 0)">\n${panel}\n</g>`;
  });
  const size = `${ENCODINGS.length * WIDTH} ${HEIGHT}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size}" role="img" aria-label="${TITLE}">`,
    `<style>${STYLE}</style>`,
    '<rect class="paper" width="100%" height="100%" rx="6"/>',
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function linesOf(outcomes: readonly Outcome[], encoding: Encoding): Line[] {
  const line = (name: ThroughputName): Line => ({
    name,
    label: THROUGHPUT[name],
    points: outcomes
      .map(({ rows, of }) => ({ rows, rate: spreadOf(of(name, encoding).map(rateOf)).median }))
      .filter(({ rate }) => rate > 0),
  });
  return keysOf(THROUGHPUT)
    .map(line)
    .filter(({ points }) => points.length > 0);
}
