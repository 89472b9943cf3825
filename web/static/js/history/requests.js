// What is asked of the service: addresses out of the state of the view. No DOM.

import { TOP } from "./bars.js";
import { cohortRange } from "./cohorts.js";
import { asOwn, rangeQuery } from "./range.js";
import { activeFilters } from "./state.js";
import { writeSteps } from "./steps.js";

/** @typedef {[string, string][]} Parameters */

const PAGE_OF_EVENTS = 20;
const MINUTE_MS = 60_000;

/** Addresses of every question about one state; its filters and the shared ones narrow all of them. */
export class Requests {
  #site;
  #zone;
  #shared;
  #state;

  /**
   * @param {{
   *   site: string | null,
   *   zone: string,
   *   shared: Record<string, string | null>,
   *   state: import("./state.js").HistoryState,
   * }} about `zone` is the reader's time zone
   */
  constructor({ site, zone, shared, state }) {
    this.#site = site;
    this.#zone = zone;
    this.#shared = shared;
    this.#state = state;
  }

  totals() {
    return this.#address("totals");
  }

  timeseries() {
    return this.#address("timeseries", [["timezone", this.#zone]]);
  }

  /** @param {string} dimension */
  top(dimension) {
    return this.#address(`top/${dimension}`, [["limit", String(TOP)]]);
  }

  /** The steps say which types and pages are meant: filters by them would empty the other steps. */
  funnel() {
    return this.#address("funnel", [["steps", writeSteps(this.#state.steps)]], { without: ["type", "page"] });
  }

  /**
   * Cohorts need weeks: so many until the end of the range, to the minute.
   * @param {number} now_ms
   */
  retention(now_ms) {
    const end_ms = Math.min(asOwn(this.#state.range, now_ms).to_ms, Math.ceil(now_ms / MINUTE_MS) * MINUTE_MS);
    return this.#address("retention", [["timezone", this.#zone]], { range: cohortRange(end_ms) });
  }

  /** @param {string | null} [cursor] where the page begins; the newest without one */
  events(cursor = null) {
    /** @type {Parameters} */
    const more = [["limit", String(PAGE_OF_EVENTS)]];
    if (cursor) more.push(["cursor", cursor]);
    return this.#address("events", more);
  }

  /**
   * All time, without the filters: who this user is does not depend on what is looked at.
   * @param {string} userId
   */
  user(userId) {
    return address("user-stats", [["userId", userId], ...this.#siteQuery()]);
  }

  /** @param {string} format csv or ndjson */
  download(format) {
    return this.#address("export", [["format", format]]);
  }

  /**
   * @param {string} path
   * @param {Parameters} more
   * @param {{range?: import("./range.js").Range, without?: string[]}} changes
   */
  #address(path, more = [], { range = this.#state.range, without = [] } = {}) {
    /** @type {Parameters} */
    const filters = activeFilters(this.#shared, this.#state.filters)
      .filter(({ name }) => !without.includes(name))
      .map(({ name, value }) => [name, value]);
    return address(path, [...rangeQuery(range), ...filters, ...more, ...this.#siteQuery()]);
  }

  /** @returns {Parameters} */
  #siteQuery() {
    return this.#site ? [["site", this.#site]] : [];
  }
}

/**
 * @param {string} path
 * @param {Parameters} query
 */
function address(path, query) {
  return `/api/analytics/${path}?${new URLSearchParams(query)}`;
}
