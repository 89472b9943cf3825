// Numbers of the past as a person reads them. No DOM.

import { NOTHING } from "../format.js";

const short = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 0 });
const finePercent = new Intl.NumberFormat("en-GB", { style: "percent", maximumFractionDigits: 1 });

/** @type {[string, number][]} */
const UNITS = [["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

/**
 * A number for an axis: 12345 is "12.3k".
 * @param {number} value
 */
export function compact(value) {
  return Number.isFinite(value) ? short.format(value) : NOTHING;
}

/**
 * A share, 0 to 1, as "42%"; below ten per cent as "4.2%". Not quite all is never "100%", nor a little "0%".
 * @param {number | null} value
 */
export function share(value) {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  if (value > 0 && value < 0.001) return "<0.1%";
  if (value > 0.99 && value < 1) return ">99%";
  return (value < 0.1 ? finePercent : percent).format(value);
}

/**
 * A length of time in the largest unit that divides it: 900 is "15 minutes", 3600 is "hour".
 * @param {number} seconds
 */
export function every(seconds) {
  const [unit, length] = UNITS.find(([, length_s]) => seconds % length_s === 0) ?? UNITS[UNITS.length - 1];
  const times = seconds / length;
  return times === 1 ? unit : `${times} ${unit}s`;
}

/**
 * A number by another, NaN when there is none to divide by.
 * @param {number} value
 * @param {number} by
 */
export function ratio(value, by) {
  return by > 0 ? value / by : NaN;
}

/**
 * The word that goes with a number: "visitor" for one, "visitors" for any other.
 * @param {number} value
 * @param {string} one
 */
export function word(value, one) {
  return value === 1 ? one : `${one}s`;
}
