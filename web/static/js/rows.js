// Messages of the service become values that the views can rely on: every text is a
// string, every list a list, every time Unix milliseconds. No DOM.

const text = (value) => (typeof value === "string" && value !== "" ? value : null);
const texts = (value) => (Array.isArray(value) ? value.filter((item) => text(item) !== null) : []);

/** ISO 8601 as Unix milliseconds; NaN when it is none. */
export function time_ms(value) {
  return typeof value === "string" ? Date.parse(value) : NaN;
}

/** A finite number, or null. */
export function number(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A row of the visitor table. `arrival` counts up: it tells which rows are newer than others. */
export function visitorRow(data, arrival) {
  const company = data.company && text(data.company.name) ? data.company : null;
  const contact = data.contact && text(data.contact.name) ? data.contact : null;
  return {
    id: String(data.sessionId),
    arrival,
    ip: text(data.ip),
    company: company && { name: company.name, domain: text(company.domain) },
    contact: contact && {
      name: contact.name,
      title: text(contact.title),
      emails: texts(contact.emailAddresses),
      phones: texts(contact.phoneNumbers),
    },
    page: text(data.currentPage),
    country: text(data.country),
    openedAt_ms: time_ms(data.openedAt),
    lastActivityAt_ms: time_ms(data.lastActivityAt),
    isIdle: data.status === "idle",
    enrichment: text(data.enrichment),
  };
}

/** An entry of the live feed. */
export function feedEvent(data) {
  return {
    id: text(data.id),
    type: text(data.type) ?? "event",
    sessionId: text(data.sessionId),
    page: text(data.page),
    at_ms: time_ms(data.timestamp),
    country: text(data.country),
    device: text(data.device),
  };
}

/** An alert as the list shows it; a level that is unknown is shown as information. */
export function alertEntry(data, ordinal) {
  const level = ["info", "warning", "milestone"].includes(data.level) ? data.level : "info";
  return { ordinal, level, message: text(data.message) ?? "Alert", at_ms: time_ms(data.at) };
}
