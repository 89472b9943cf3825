// Visitors of each of the last ten minutes: what the snapshot said, counted on from there. No DOM.

import { list, number, time_ms } from "./rows.js";

export const MINUTES = 10;
export const MINUTE_MS = 60_000;

/** A visitor counts once in every minute in which something was heard of them. */
export class Minutes {
  /** @type {Map<number, number>} visitors by the number of the minute since 1970 */
  #visitors = new Map();
  /** @type {Map<string, number>} the newest minute in which a session was counted */
  #seen = new Map();

  /**
   * Begin from a snapshot; what `rows` did until now is in its counts.
   * @param {Json} counts
   * @param {Iterable<VisitorRow>} rows
   */
  start(counts, rows) {
    this.clear();
    for (const { time, visitors } of list(counts)) {
      const minute = Math.floor(time_ms(time) / MINUTE_MS);
      if (Number.isFinite(minute)) this.#visitors.set(minute, number(visitors) ?? 0);
    }
    for (const row of rows) this.#seen.set(row.id, minuteOf(row));
  }

  /** @param {VisitorRow} row */
  count(row) {
    const minute = minuteOf(row);
    const before = this.#seen.get(row.id) ?? -Infinity;
    if (!Number.isFinite(minute) || minute <= before) return;
    this.#seen.set(row.id, minute);
    this.#visitors.set(minute, (this.#visitors.get(minute) ?? 0) + 1);
    if (this.#visitors.size > 3 * MINUTES) this.#forget();
  }

  /** The session is over; its minutes stay counted. @param {string} id */
  end(id) {
    this.#seen.delete(id);
  }

  clear() {
    this.#visitors.clear();
    this.#seen.clear();
  }

  /**
   * The last ten minutes, oldest first; the last one is still running.
   * @param {number} now_ms
   * @returns {Minute[]}
   */
  at(now_ms) {
    const last = Math.floor(now_ms / MINUTE_MS);
    return Array.from({ length: MINUTES }, (_, index) => {
      const minute = last - MINUTES + 1 + index;
      return { at_ms: minute * MINUTE_MS, visitors: this.#visitors.get(minute) ?? 0 };
    });
  }

  #forget() {
    const oldest = [...this.#visitors.keys()].sort((a, b) => a - b).slice(0, -2 * MINUTES);
    for (const minute of oldest) this.#visitors.delete(minute);
  }
}

/** @param {VisitorRow} row */
function minuteOf(row) {
  return Math.floor(row.lastActivityAt_ms / MINUTE_MS);
}
