// Weekly retention as a table. No DOM.

import { count, plural } from "../format.js";
import { share } from "./numbers.js";

export const WEEKS = 8;
const LEVELS = 5;
const DAY_MS = 86_400_000;

/** @typedef {{week: string, users: number, returned: number[]}} Cohort */
/** @typedef {{came: number, share: number, said: string, level: number, isOpen: boolean, text: string}} Cell */
/** @typedef {{week: string, users: number, cells: Cell[]}} CohortRow */

/**
 * The weeks that are asked for: eight until a moment, whatever the range. They begin with a Monday of the
 * reader's zone, because half a week would be no cohort.
 * @param {number} end_ms
 */
export function cohortRange(end_ms) {
  const begin = new Date(end_ms - (WEEKS - 1) * 7 * DAY_MS);
  begin.setHours(0, 0, 0, 0);
  begin.setDate(begin.getDate() - ((begin.getDay() + 6) % 7));
  return { name: "own", from_ms: begin.getTime(), to_ms: end_ms };
}

/**
 * `[{week, users, cells}]`, the newest week last. A cell has `share` (0 to 1), its shade `level`
 * (0 to 5) and `text`; the cell of the week that still runs is `isOpen`.
 * @param {Cohort[]} cohorts
 * @param {import("./series.js").Moments} moments
 * @returns {CohortRow[]}
 */
export function cohortRows(cohorts, moments) {
  return cohorts.map(({ week, users, returned }) => ({
    week: moments.say("day", Date.parse(week) / 1000),
    users,
    cells: returned.map((came, place) => {
      const part = users > 0 ? came / users : 0;
      const isOpen = place === returned.length - 1;
      const text = `${count(came)} of ${plural(users, "user")} in week ${place + 1}${isOpen ? ", so far" : ""}`;
      return { came, share: part, said: share(part), level: level(part), isOpen, text };
    }),
  }));
}

/**
 * How many cells the longest row has.
 * @param {CohortRow[]} rows
 */
export function widest(rows) {
  return Math.max(0, ...rows.map(({ cells }) => cells.length));
}

/**
 * The shade of a share: 0 for none, then five equal steps, the first for any at all.
 * @param {number} part
 */
export function level(part) {
  return part <= 0 ? 0 : Math.min(LEVELS, Math.ceil(part * LEVELS));
}
