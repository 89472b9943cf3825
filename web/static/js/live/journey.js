// The answer about one visit becomes a journey, its events and the company's past visits. No DOM.

import { list, number, time_ms } from "../rows.js";

/** @typedef {{page: string, at_ms: number, spent_ms: number | null}} Step spent_ms is null on the page that is open still */
/** @typedef {{id: string, type: string, page: string | null, at_ms: number}} Event */
/** @typedef {{sessionId: string, startedAt_ms: number, lasted_s: number, pages: number, person: string | null}} PastVisit */

/**
 * @param {Json} data of `GET /api/analytics/sessions/{id}`
 * @returns {{steps: Step[], events: Event[], endedAt_ms: number | null}}
 */
export function visitOf(data) {
  const steps = list(data?.journey).map(({ page, at }) => ({ page: String(page ?? ""), at_ms: time_ms(at) }));
  const endedAt_ms = data?.endedAt ? time_ms(data.endedAt) : null;
  return {
    steps: steps.map((step, place) => {
      const until_ms = steps[place + 1]?.at_ms ?? endedAt_ms;
      return { ...step, spent_ms: until_ms === null ? null : Math.max(0, until_ms - step.at_ms) };
    }),
    events: list(data?.events).map(eventOf).reverse(),
    endedAt_ms,
  };
}

/** @param {Json} data @returns {Event} */
function eventOf(data) {
  return {
    id: String(data.id ?? ""),
    type: String(data.type ?? "event"),
    page: typeof data.page === "string" ? data.page : null,
    at_ms: time_ms(data.timestamp),
  };
}

/**
 * The past visits of a company.
 * @param {Json} visits of `GET /api/analytics/visits?company=`, newest first
 * @param {ReadonlySet<string>} without session ids that are no past visits: those who are here
 * @returns {PastVisit[]}
 */
export function pastVisits(visits, without) {
  return list(visits)
    .map((visit) => ({
      sessionId: String(visit?.sessionId ?? ""),
      startedAt_ms: time_ms(visit?.openedAt),
      lasted_s: number(visit?.duration) ?? 0,
      pages: number(visit?.pageCount) ?? 0,
      person: typeof visit?.contact?.name === "string" && visit.contact.name ? visit.contact.name : null,
    }))
    .filter(({ sessionId, startedAt_ms }) => sessionId && !without.has(sessionId) && !Number.isNaN(startedAt_ms));
}

/**
 * The web address of a company's domain, or null for whatever is no plain host name.
 * @param {string | null} domain
 */
export function siteOf(domain) {
  if (!domain || !/^(?=.{4,253}$)([a-z0-9-]+\.)+[a-z][a-z0-9-]+$/i.test(domain)) return null;
  return `https://${domain.toLowerCase()}/`;
}

/** Seconds that a visit lasted. @param {{openedAt_ms: number}} row @param {number} until_ms */
export function lasted_s(row, until_ms) {
  return number((until_ms - row.openedAt_ms) / 1000) ?? NaN;
}
