// Which time the history is about. No DOM; times are Unix milliseconds.

/** @typedef {{name: string}} Preset one of the ranges that end now */
/** @typedef {{name: string, from_ms: number, to_ms: number}} OwnRange */
/** @typedef {Preset | OwnRange} Range */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The ranges that end now, by the name that the API knows. */
export const RANGES = [
  { name: "hour", label: "Hour", said: "the last hour", length_ms: HOUR_MS },
  { name: "day", label: "Day", said: "the last 24 hours", length_ms: DAY_MS },
  { name: "week", label: "Week", said: "the last 7 days", length_ms: 7 * DAY_MS },
  { name: "month", label: "Month", said: "the last 30 days", length_ms: 30 * DAY_MS },
];
export const OWN = "own";
/** @type {Preset} */
export const DEFAULT = { name: "day" };

const YEAR_MS = 366 * DAY_MS;
const MAX_YEARS = 10;
const dateTime = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
});

/**
 * The range of an address; what makes no sense is the default.
 * @param {URLSearchParams} params
 * @returns {Range}
 */
export function readRange(params) {
  const found = RANGES.find(({ name }) => name === params.get("range"));
  if (found) return { name: found.name };
  const own = { name: OWN, from_ms: Date.parse(params.get("from") ?? ""), to_ms: Date.parse(params.get("to") ?? "") };
  return ownFault(own.from_ms, own.to_ms) ? DEFAULT : own;
}

/**
 * What an address says of a range: the default needs no word.
 * @param {Range} range
 * @returns {Record<string, string | null>}
 */
export function rangeChanges(range) {
  const said = range.name === DEFAULT.name ? [] : rangeQuery(range);
  return { range: null, from: null, to: null, ...Object.fromEntries(said) };
}

/**
 * The parameters by which the API knows the range.
 * @param {Range} range
 * @returns {[string, string][]}
 */
export function rangeQuery(range) {
  if (!isOwn(range)) return [["range", range.name]];
  return [["from", iso(range.from_ms)], ["to", iso(range.to_ms)]];
}

/**
 * @param {Range} range
 * @returns {range is OwnRange}
 */
export function isOwn(range) {
  return range.name === OWN;
}

/**
 * What is wrong with the ends of an own range, as a sentence; "" when nothing is.
 * @param {number} from_ms
 * @param {number} to_ms
 */
export function ownFault(from_ms, to_ms) {
  if (!Number.isFinite(from_ms)) return "Give the time at which it begins.";
  if (!Number.isFinite(to_ms)) return "Give the time at which it ends.";
  if (from_ms < 0) return "Begin after 1970.";
  if (from_ms >= to_ms) return "The end must be after the beginning.";
  if (to_ms - from_ms > MAX_YEARS * YEAR_MS) return `Choose ${MAX_YEARS} years at most.`;
  return "";
}

/**
 * The range in words: "the last hour", "20 Nov 2026, 10:00 – 21 Nov 2026, 10:00".
 * @param {Range} range
 */
export function sayRange(range) {
  if (!isOwn(range)) return preset(range).said;
  return `${dateTime.format(range.from_ms)} – ${dateTime.format(range.to_ms)}`;
}

/**
 * The ends of a range at a moment, as an own range.
 * @param {Range} range
 * @param {number} now_ms
 * @returns {OwnRange}
 */
export function asOwn(range, now_ms) {
  if (isOwn(range)) return range;
  const to_ms = Math.ceil(now_ms / 60_000) * 60_000;
  return { name: OWN, from_ms: to_ms - preset(range).length_ms, to_ms };
}

/**
 * A time as an input of type datetime-local wants it, in the reader's zone.
 * @param {number} at_ms
 */
export function toInput(at_ms) {
  const at = new Date(at_ms);
  /** @type {(value: number, digits?: number) => string} */
  const part = (value, digits = 2) => String(value).padStart(digits, "0");
  const day = [part(at.getFullYear(), 4), part(at.getMonth() + 1), part(at.getDate())].join("-");
  return `${day}T${part(at.getHours())}:${part(at.getMinutes())}`;
}

/**
 * What an input of type datetime-local holds, as a time; NaN when it is not filled in.
 * @param {string} text
 */
export function fromInput(text) {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? new Date(text).getTime() : NaN;
}

/** The name of the reader's time zone; "UTC" where the browser does not tell. */
export function zone() {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** @param {Range} range */
function preset(range) {
  return RANGES.find(({ name }) => name === range.name) ?? RANGES[1];
}

/** @param {number} at_ms */
function iso(at_ms) {
  return new Date(at_ms).toISOString();
}
