// The chart: how many events in each part of the time, and in front of them by how many visitors.

import { count } from "../format.js";
import { uPlot } from "../vendor/uplot.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/vendor.js";
import { chartOptions, placeOf } from "./chart-options.js";
import { columns, summary } from "./series.js";

/**
 * @param {{
 *   series: import("./series.js").Series,
 *   moments: import("./series.js").Moments,
 *   onSelect: (from_ms: number, to_ms: number) => void,
 * }} props
 */
export function Chart({ series, moments, onSelect }) {
  const host = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {uPlot | null} */ (null));
  const current = useRef({ series, onSelect });
  current.current = { series, onSelect };
  const [hovered, setHovered] = useState(-1);

  useLayoutEffect(() => {
    const element = /** @type {HTMLElement} */ (host.current);
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const options = chartOptions({
      size: size(),
      moments,
      colour: (name) => getComputedStyle(element).getPropertyValue(name).trim(),
      interval_s: () => current.current.series.interval,
      onHover: setHovered,
      onSelect: (from_ms, to_ms) => current.current.onSelect(from_ms, to_ms),
    });
    const made = new uPlot(options, /** @type {any} */ (columns(series.points)), element);
    plot.current = made;
    const stopWatching = watchLooks(element, () => made.setSize(size()), () => made.redraw(false));
    return () => {
      stopWatching();
      made.destroy();
      plot.current = null;
    };
  }, [moments]);

  useEffect(() => {
    plot.current?.setData(/** @type {any} */ (columns(series.points)));
  }, [series]);

  const point = series.points[hovered];
  return html`
    <div class="history-chart">
      <div class="history-canvas" ref=${host} role="img" aria-label=${summary(series, moments)}></div>
      ${point && plot.current && html`<${Hover} plot=${plot.current} point=${point} place=${hovered} series=${series} moments=${moments} />`}
    </div>
  `;
}

/**
 * The values under the pointer, beside the part that they belong to.
 * @param {{
 *   plot: uPlot, point: import("./series.js").Point, place: number,
 *   series: import("./series.js").Series, moments: import("./series.js").Moments,
 * }} props
 */
function Hover({ plot, point, place, series, moments }) {
  const { left, width, isRight } = placeOf(plot, place, series.interval);
  const side = isRight ? { right: `calc(100% - ${left - 8}px)` } : { left: `${left + width + 8}px` };
  return html`
    <div class="history-part" aria-hidden="true" style=${{ left: `${left}px`, width: `${width}px` }}></div>
    <div class="history-hover" aria-hidden="true" style=${side}>
      <p class="minor">${moments.part(Date.parse(point.time) / 1000, series.interval)}</p>
      <p class="is-events"><span>Events</span> <strong>${count(point.events)}</strong></p>
      <p class="is-visitors"><span>Visitors</span> <strong>${count(point.visitors)}</strong></p>
    </div>
  `;
}

/**
 * Tell when the element has another size, and when colours may have changed.
 * @param {HTMLElement} element
 * @param {() => void} onSize
 * @param {() => void} onColours
 */
function watchLooks(element, onSize, onColours) {
  const sizes = new ResizeObserver(onSize);
  sizes.observe(element);
  const attributes = new MutationObserver(onColours);
  attributes.observe(document.documentElement, { attributes: true });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", onColours);
  return () => {
    sizes.disconnect();
    attributes.disconnect();
    scheme.removeEventListener("change", onColours);
  };
}
