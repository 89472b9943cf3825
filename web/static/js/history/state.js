// What the history view shows, as a value, and its place in the address. No DOM.

import { rangeChanges, readRange } from "./range.js";
import { readSteps, writeSteps } from "./steps.js";

/** @typedef {Record<string, string>} OwnFilters */
/** @typedef {{range: import("./range.js").Range, filters: OwnFilters, steps: string[]}} HistoryState */

/** Filters of this view alone, by their name in the address and in the API. */
export const OWN_FILTERS = ["type", "device", "browser", "os", "referrer", "userId"];
/** Filters that the live view has too. */
export const SHARED_FILTERS = ["country", "page", "company"];

const LABELS = new Map([
  ["type", "Type"], ["device", "Device"], ["browser", "Browser"], ["os", "System"], ["referrer", "Referrer"],
  ["userId", "User"], ["country", "Country"], ["page", "Page"], ["company", "Company"],
]);
const MAX_TEXT = 2000;

/**
 * How a filter is called on the screen.
 * @param {string} name
 */
export function filterLabel(name) {
  return LABELS.get(name) ?? name;
}

/**
 * The state in an address; what is missing or makes no sense is the default.
 * @param {URLSearchParams} params
 * @returns {HistoryState}
 */
export function readState(params) {
  const given = OWN_FILTERS.map((name) => [name, params.get(name) ?? ""]);
  return {
    range: readRange(params),
    filters: Object.fromEntries(given.filter(([, value]) => value && value.length <= MAX_TEXT)),
    steps: readSteps(params.get("steps") ?? ""),
  };
}

/**
 * What an address says of a state: every parameter of this view, null where it says nothing.
 * @param {HistoryState} state
 * @returns {Record<string, string | null>}
 */
export function stateChanges({ range, filters, steps }) {
  const own = OWN_FILTERS.map((name) => [name, filters[name] ?? null]);
  return {
    ...rangeChanges(range),
    ...Object.fromEntries(own),
    steps: steps.length > 0 ? writeSteps(steps) : null,
  };
}

/**
 * `state` with a filter set, or taken away by an empty value.
 * @param {HistoryState} state
 * @param {string} name
 * @param {string} value
 * @returns {HistoryState}
 */
export function withFilter(state, name, value) {
  const { [name]: _, ...others } = state.filters;
  return { ...state, filters: value ? { ...others, [name]: value } : others };
}

/**
 * All filters that narrow the view, shared ones first.
 * @param {Record<string, string | null>} shared
 * @param {OwnFilters} own
 */
export function activeFilters(shared, own) {
  const all = [
    ...SHARED_FILTERS.map((name) => ({ name, value: shared[name] ?? "" })),
    ...OWN_FILTERS.map((name) => ({ name, value: own[name] ?? "" })),
  ];
  return all.filter(({ value }) => value);
}
