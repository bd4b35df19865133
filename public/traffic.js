// @ts-check
import { Chart } from './chart.js';
import { byId, element } from './dom.js';
import { bytes, count, percent } from './format.js';
import { asked, DASHES, ratio, Samples } from './series.js';

/**
 * @typedef {import('./live.js').Hello} Hello
 * @typedef {import('./live.js').Sample} Sample
 * @typedef {import('./series.js').Series} Series
 */

const LAYERS = /** @type {const} */ (['pages', 'data']);
const SVG = 'http://www.w3.org/2000/svg';
const NAMES = { pages: 'Page layer', data: 'Data layer', local: 'this process', shared: 'Redis' };

/** Whoever asked for less motion gets a picture that moves as rarely. Seconds. */
const CALM_SECONDS = 10;

/** Hit ratio and requests of every layer and tier there is: two charts, and the figures that they are made of. */
export class Traffic {
  #samples = new Samples();
  /** @type {Series[]} */
  #series = [];
  /** @type {{ ratio: Chart, rate: Chart } | undefined} */
  #charts;
  #calm = matchMedia('(prefers-reduced-motion: reduce)');
  #seconds = 0;

  /** @param {Pick<Hello, 'store' | 'localTier' | 'samples'>} hello */
  begin({ store, localTier, samples }) {
    this.#samples.replace(samples);
    const tiers = tiersOf(store, localTier);
    const series = LAYERS.flatMap((layer) => tiers.map((tier) => ({ layer, tier })));
    if (JSON.stringify(series) !== JSON.stringify(this.#series)) this.#draw(series);
    this.#show();
  }

  /** @param {Sample} sample */
  add(sample) {
    this.#samples.add(sample);
    this.#seconds += 1;
    if (document.hidden || (this.#calm.matches && this.#seconds % CALM_SECONDS !== 0)) return;
    this.#show();
  }

  /** @param {Series[]} series */
  #draw(series) {
    this.#charts?.ratio.destroy();
    this.#charts?.rate.destroy();
    this.#series = series;
    const strokes = series.map(({ layer, tier }) => ({ color: `--${layer}`, dash: DASHES[layer][tier] }));
    this.#charts = {
      ratio: new Chart('chart-ratio', { strokes, top: () => 1, format: (value) => percent(value) }),
      rate: new Chart('chart-rate', { strokes, top: (highest) => Math.max(highest * 1.1, 5), format: count }),
    };
  }

  #show() {
    const { times } = this.#samples;
    this.#charts?.ratio.show(
      times,
      this.#series.map((one) => this.#samples.ratios(one)),
    );
    this.#charts?.rate.show(
      times,
      this.#series.map((one) => this.#samples.rates(one)),
    );
    byId('legend', HTMLTableSectionElement).replaceChildren(
      ...this.#series.map((one) => this.#legendRow(one)),
    );
    this.#showFigures();
  }

  /** @param {Series} series */
  #legendRow(series) {
    const { layer, tier } = series;
    const total = this.#samples.total(series);
    const name = element('th', { scope: 'row' }, swatch(series), `${NAMES[layer]}, ${NAMES[tier]}`);
    const figures = [percent(ratio(total)), count(total.hits), count(total.misses), count(total.bypasses)];
    return element('tr', {}, name, ...figures.map((figure) => element('td', {}, figure)));
  }

  #showFigures() {
    const { last } = this.#samples;
    const requests = this.#series
      .filter(({ layer }) => layer === 'pages')
      .map((one) => this.#samples.total(one));
    const [first] = requests; // Every page is looked for in the first tier, and only then in the next.
    const hits = requests.reduce((sum, one) => sum + one.hits, 0);
    const figures = [
      figure(
        'Page hits',
        percent(first && asked(first) > 0 ? hits / asked(first) : null),
        'last five minutes',
      ),
      figure(
        'In this process',
        last ? count(last.local.entries) : '–',
        last ? `entries, ${bytes(last.local.bytes)}` : 'entries',
      ),
    ];
    if (last?.redis)
      figures.push(figure('In Redis', count(last.redis.keys), `keys, ${bytes(last.redis.bytes)}`));
    byId('figures', HTMLElement).replaceChildren(...figures);
  }
}

/**
 * A piece of the line that a series has in the charts.
 * @param {Series} series
 */
function swatch({ layer, tier }) {
  const svg = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'line');
  svg.setAttribute('class', `swatch ${layer}`);
  svg.setAttribute('aria-hidden', 'true');
  line.setAttribute('x2', '100%');
  line.setAttribute('y1', '50%');
  line.setAttribute('y2', '50%');
  line.setAttribute('stroke-dasharray', DASHES[layer][tier].join(' '));
  svg.append(line);
  return svg;
}

/**
 * @param {Hello['store']} store
 * @param {boolean} localTier
 * @returns {Series['tier'][]}
 */
function tiersOf(store, localTier) {
  if (store === 'memory') return ['local'];
  return localTier ? ['local', 'shared'] : ['shared'];
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} aside
 */
function figure(name, value, aside) {
  const definition = element('dd', {}, element('strong', {}, value), ' ', element('span', {}, aside));
  return element('div', {}, element('dt', {}, name), definition);
}
