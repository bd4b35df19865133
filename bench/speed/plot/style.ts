import type { ThroughputName } from '../cases.ts';
import { keysOf } from '../keys.ts';

/** Of a line and its label, on light paper and on dark. */
const COLORS: Readonly<Record<ThroughputName, readonly [light: string, dark: string]>> = {
  nodeHttp: ['#57606a', '#afb8c1'],
  fastify: ['#8250df', '#c297ff'],
  silent: ['#1a7f37', '#56d364'],
  hit: ['#0550ae', '#79c0ff'],
  notModified: ['#bc4c00', '#ffa657'],
  remote: ['#a40e8a', '#ff9bdc'],
  slowPath: ['#8a6d3b', '#c8a76b'],
  redisGet: ['#b3261e', '#ff8e86'],
};

const colors = (theme: 0 | 1) =>
  keysOf(COLORS)
    .map((name) => `.${name}{stroke:${COLORS[name][theme]};fill:${COLORS[name][theme]}}`)
    .join('');

const paper = (background: string, ink: string, grid: string) =>
  `.paper{fill:${background}}text{fill:${ink}}.grid{stroke:${grid}}`;

/** The reader's theme decides; an image has its own paper, whatever the page around it. */
export const STYLE = [
  'text{font:12px system-ui,"DejaVu Sans",sans-serif}.title{font-weight:600}.tick{text-anchor:end}.row{text-anchor:middle}',
  'polyline{fill:none!important;stroke-width:2}circle{stroke:none}text,.label{stroke:none!important}',
  '.nodeHttp,.fastify{stroke-dasharray:5 3}.leader{stroke-width:.75;stroke-dasharray:none}',
  paper('#fff', '#24292f', '#d8dee4'),
  colors(0),
  `@media(prefers-color-scheme:dark){${paper('#0d1117', '#e6edf3', '#30363d')}${colors(1)}}`,
].join('\n');
