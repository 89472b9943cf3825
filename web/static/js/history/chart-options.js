// How uPlot draws: bars for events, bars for visitors in front of them, axes that read well.

import { uPlot } from "../vendor/uplot.js";
import { compact } from "./numbers.js";

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif';
const SHORTEST_DRAG_PX = 8;
const WHOLE = [1, 2, 5];
// Nobody counts half an event.
const STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((power) => WHOLE.map((step) => step * 10 ** power));

/**
 * @param {{
 *   size: {width: number, height: number},
 *   moments: import("./series.js").Moments,
 *   colour: (name: string) => string,
 *   interval_s: () => number,
 *   onHover: (place: number) => void,
 *   onSelect: (from_ms: number, to_ms: number) => void,
 * }} about `colour` gives the value of a CSS variable
 * @returns {uPlot.Options}
 */
export function chartOptions({ size, moments, colour, interval_s, onHover, onSelect }) {
  const minor = () => colour("--minor");
  const line = () => colour("--line");
  const bars = /** @type {any} */ (uPlot).paths.bars({ size: [0.86, 44, 1], align: 1, gap: 1, radius: [0.12, 0] });
  /** @type {(name: string) => uPlot.Series} */
  const drawn = (name) => ({ paths: bars, fill: () => colour(name), width: 0, points: { show: false } });
  return {
    ...size,
    padding: [12, 20, 0, 0],
    legend: { show: false },
    cursor: {
      x: false,
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: SHORTEST_DRAG_PX },
    },
    scales: {
      x: { time: true, range: (_, min, max) => [min, max + interval_s()] },
      y: { range: (_, min, max) => [0, Math.max(4, max * 1.04)] },
    },
    axes: [
      {
        font: FONT,
        stroke: minor,
        space: 76,
        size: 30,
        gap: 6,
        grid: { show: false },
        ticks: { stroke: line, width: 1, size: 4 },
        values: (_, marks, __, ___, step) => moments.axis(marks, step),
      },
      {
        font: FONT,
        stroke: minor,
        space: 44,
        size: 48,
        gap: 6,
        incrs: STEPS,
        grid: { stroke: line, width: 1 },
        ticks: { show: false },
        values: (_, marks) => marks.map(compact),
      },
    ],
    series: [{}, drawn("--history-events"), drawn("--history-visitors")],
    hooks: {
      setCursor: [(plot) => onHover(partAt(plot))],
      setSelect: [(plot) => select(plot, onSelect)],
    },
  };
}

/**
 * Where a part of the time is drawn, in pixels of the chart's box.
 * @param {uPlot} plot
 * @param {number} place
 * @param {number} interval_s
 */
export function placeOf(plot, place, interval_s) {
  const times = /** @type {number[]} */ (plot.data[0]);
  const begin = times[place];
  const end = times[place + 1] ?? begin + interval_s;
  const offset = plot.over.offsetLeft;
  const left = offset + plot.valToPos(begin, "x");
  return { left, width: plot.valToPos(end, "x") + offset - left, isRight: left > plot.width / 2 };
}

/**
 * The part under the pointer, -1 when it is elsewhere.
 * @param {uPlot} plot
 */
function partAt(plot) {
  const left = plot.cursor.left ?? -1;
  if (left < 0) return -1;
  const at_s = plot.posToVal(left, "x");
  return plot.data[0].findLastIndex((begin) => begin <= at_s);
}

/**
 * @param {uPlot} plot
 * @param {(from_ms: number, to_ms: number) => void} onSelect
 */
function select(plot, onSelect) {
  const { left, width } = plot.select;
  if (width < SHORTEST_DRAG_PX) return;
  const [from_s, to_s] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onSelect(Math.floor(from_s) * 1000, Math.ceil(to_s) * 1000);
}
