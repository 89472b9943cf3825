// Values of a dimension as bars: labels and widths. No DOM.

import { country } from "../format.js";

/** What events are counted by, in the order of the screen; `filter` is set by clicking a value. */
export const DIMENSIONS = [
  { name: "page", title: "Pages", empty: "Page views appear here once your pages carry the snippet." },
  { name: "type", title: "Event types", empty: "Every event has a type: pageview, click, or your own." },
  { name: "referrer", title: "Referrers", empty: "Sites that link to you appear here." },
  { name: "company", title: "Companies", empty: "Companies appear once their visits have ended." },
  { name: "country", title: "Countries", empty: "Events that tell a country appear here." },
  { name: "device", title: "Devices", empty: "Desktop, mobile or tablet, where it is known." },
  { name: "browser", title: "Browsers", empty: "Browsers appear here where they are known." },
  { name: "os", title: "Systems", empty: "Operating systems appear here where they are known." },
];
export const TOP = 5;

const DEVICES = new Map([["desktop", "Desktop"], ["mobile", "Mobile"], ["tablet", "Tablet"]]);

/** @typedef {{value: string, events: number, visitors: number}} Item one value of an answer */

/**
 * Items with `width`, 0 to 1: their share of the longest bar.
 * @param {Item[]} items
 */
export function scaled(items) {
  const most = Math.max(1, ...items.map(({ events }) => events));
  return items.map((item) => ({ ...item, width: item.events / most }));
}

/**
 * A value as a person reads it; `value` itself stays what is filtered by.
 * @param {string} dimension
 * @param {string} value
 */
export function label(dimension, value) {
  if (dimension === "country") return country(value);
  if (dimension === "device") return DEVICES.get(value) ?? value;
  if (dimension === "referrer") return site(value);
  return value;
}

/**
 * A referrer without its scheme, "www." and a last slash; whatever is no address stays as it is.
 * @param {string} value
 */
function site(value) {
  const found = /^https?:\/\/(?:www\.)?([^/?#]+)([^?#]*)/i.exec(value);
  return found ? found[1] + found[2].replace(/\/$/, "") : value;
}
