// The four figures above the table: the service's own, or those of the visitors that a filter leaves. No DOM.

import { isSameFilter } from "./narrowing.js";

/**
 * @typedef {object} Figures
 * @property {number | null} active
 * @property {number | null} today
 * @property {number | null} perCompany
 * @property {number | null} duration_s
 */

/**
 * @param {Frame} frame
 * @returns {Figures}
 */
export function siteFigures({ state, local_ms }) {
  return {
    active: state.totalActive,
    today: state.totalToday,
    perCompany: state.averages.visitorsPerCompany,
    duration_s: state.sessionDuration_s(local_ms),
  };
}

/**
 * Today's count is the service's alone: it is null until its answer to this filter is there.
 * @param {Frame} frame
 * @param {Filter} filter
 * @param {VisitorRow[]} rows those that match
 * @returns {Figures}
 */
export function filteredFigures({ state, now_ms }, filter, rows) {
  const answer = state.detailed && isSameFilter(state.detailed.filter, filter) ? state.detailed : null;
  const companies = new Set(rows.map((row) => row.company && (row.company.guid ?? row.company.name)));
  companies.delete(null);
  const identified = rows.filter((row) => row.company !== null).length;
  const lasted_ms = rows.reduce((sum, row) => sum + (Number.isFinite(row.openedAt_ms) ? Math.max(0, now_ms - row.openedAt_ms) : 0), 0);
  return {
    active: state.isPartial ? (answer?.totalActive ?? rows.length) : rows.length,
    today: answer?.totalToday ?? null,
    perCompany: companies.size > 0 ? identified / companies.size : null,
    duration_s: rows.length > 0 ? lasted_ms / rows.length / 1000 : null,
  };
}
