// @ts-check
import uPlot from '/dashboard/uplot.js';
import { byId } from './dom.js';
import { WINDOW_SECONDS } from './series.js';

/** @typedef {{ color: string, dash: number[] }} Stroke Colour: the name of a CSS property. */

const HEIGHT = 130;
const FONT = '11px system-ui, sans-serif';

/** A line for each series over the last five minutes, in the colours of the page; they change with its scheme. */
export class Chart {
  #place;
  #strokes;
  #top;
  #format;
  /** @type {uPlot | undefined} */
  #plot;
  /** @type {uPlot.AlignedData} */
  #data = [[]];

  /**
   * @param {string} id
   * @param {{ strokes: readonly Stroke[], top: (highest: number) => number, format: (value: number) => string }} look
   */
  constructor(id, { strokes, top, format }) {
    this.#place = byId(id, HTMLElement);
    this.#strokes = strokes;
    this.#top = top;
    this.#format = format;
    this.#draw();
    new ResizeObserver(() => this.#resize()).observe(this.#place);
    for (const scheme of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
      matchMedia(scheme).addEventListener('change', () => this.#draw());
  }

  /**
   * @param {readonly number[]} times Seconds since the epoch.
   * @param {readonly (readonly (number | null)[])[]} values For each series, at each time.
   */
  show(times, values) {
    this.#data = /** @type {uPlot.AlignedData} */ ([times, ...values]);
    this.#plot?.setData(this.#data);
  }

  destroy() {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #resize() {
    const width = this.#place.clientWidth;
    if (width > 0 && this.#plot?.width !== width) this.#plot?.setSize({ width, height: HEIGHT });
  }

  #draw() {
    this.#plot?.destroy();
    const color = (/** @type {string} */ name) => colorOf(this.#place, name);
    const grid = { stroke: color('--chart-grid'), width: 1 };
    const axis = { stroke: color('--chart-text'), font: FONT, grid, ticks: grid };
    this.#plot = new uPlot(
      {
        width: Math.max(this.#place.clientWidth, 200),
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 28, 0, 0],
        scales: {
          x: {
            range: (_, __, last) => [(last || Date.now() / 1000) - WINDOW_SECONDS, last || Date.now() / 1000],
          },
          y: { range: (_, __, highest) => [0, this.#top(highest ?? 0)] },
        },
        axes: [
          { ...axis, space: 70, size: 24, values: (_, times) => times.map((at) => clock(at)) },
          { ...axis, space: 28, size: 48, values: (_, values) => values.map((value) => this.#format(value)) },
        ],
        series: [
          {},
          ...this.#strokes.map(({ color: name, dash }) => ({
            stroke: color(name),
            width: 2,
            dash,
            spanGaps: false,
            points: { show: false },
          })),
        ],
      },
      this.#data,
      this.#place,
    );
  }
}

/**
 * What a colour of the page is now: a canvas does not know `light-dark()`.
 * @param {HTMLElement} place
 * @param {string} name
 */
function colorOf(place, name) {
  place.style.color = `var(${name})`;
  return getComputedStyle(place).color;
}

/** @param {number} at Seconds since the epoch. */
const clock = (at) => new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }).format(at * 1000);
