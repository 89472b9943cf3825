// Messages of the service become values that the views can rely on: every text is a
// string, every list a list, every time Unix milliseconds. No DOM.

/** @param {Json} value @returns {string | null} */
const text = (value) => (typeof value === "string" && value !== "" ? value : null);
/** @param {Json} value @returns {string[]} */
const texts = (value) => (Array.isArray(value) ? value.filter((item) => text(item) !== null) : []);

/**
 * ISO 8601 as Unix milliseconds; NaN when it is none.
 * @param {Json} value
 */
export function time_ms(value) {
  return typeof value === "string" ? Date.parse(value) : NaN;
}

/**
 * A finite number, or null.
 * @param {Json} value
 * @returns {number | null}
 */
export function number(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/**
 * A row of the visitor table.
 * @param {Json} data
 * @param {number} [arrival]
 * @param {number | null} [arrivedAt_ms]
 * @returns {VisitorRow}
 */
export function visitorRow(data, arrival = 0, arrivedAt_ms = null) {
  const company = data.company && text(data.company.name) ? data.company : null;
  const contact = data.contact && text(data.contact.name) ? data.contact : null;
  return {
    id: String(data.sessionId),
    arrival,
    arrivedAt_ms,
    ip: text(data.ip),
    company: company && { guid: text(company.guid), name: company.name, domain: text(company.domain) },
    contact: contact && {
      name: contact.name,
      title: text(contact.title),
      emails: texts(contact.emailAddresses),
      phones: texts(contact.phoneNumbers),
    },
    page: text(data.currentPage),
    pageCount: number(data.pageCount) ?? 0,
    country: text(data.country),
    device: text(data.device),
    openedAt_ms: time_ms(data.openedAt),
    lastActivityAt_ms: time_ms(data.lastActivityAt),
    isIdle: data.status === "idle",
    enrichment: text(data.enrichment),
  };
}

/**
 * An entry of the live feed.
 * @param {Json} data
 * @param {number} [ordinal] counts up
 * @returns {FeedEvent}
 */
export function feedEvent(data, ordinal = 0) {
  return {
    ordinal,
    id: text(data.id),
    type: text(data.type) ?? "event",
    sessionId: text(data.sessionId),
    page: text(data.page),
    at_ms: time_ms(data.timestamp),
    country: text(data.country),
    device: text(data.device),
  };
}

/**
 * An alert as the list shows it; a level that is unknown is shown as information.
 * @param {Json} data
 * @param {number} ordinal
 * @returns {AlertEntry}
 */
export function alertEntry(data, ordinal) {
  const level = ["info", "warning", "milestone"].includes(data.level) ? data.level : "info";
  return { ordinal, level, message: text(data.message) ?? "Alert", at_ms: time_ms(data.at) };
}

/**
 * The answer to `request_detailed_stats`.
 * @param {Json} data
 * @returns {Detailed}
 */
export function detailedAnswer(data) {
  const { country, page, company } = data.filter ?? {};
  return {
    filter: { country: text(country), page: text(page), company: text(company) },
    totalActive: number(data.stats?.totalActive),
    totalToday: number(data.stats?.totalToday),
    rows: list(data.sessions).map((row) => visitorRow(row)),
    events: list(data.events).map((event) => feedEvent(event)),
  };
}

/** @param {Json} value @returns {Json[]} */
export function list(value) {
  return Array.isArray(value) ? value.filter((item) => typeof item === "object" && item !== null) : [];
}
