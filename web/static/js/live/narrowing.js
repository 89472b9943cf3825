// Which visitors and events a filter or a search leaves. The rules are the service's own
// (docs/websocket.md), so that the table is right before its answer is there. No DOM.

/**
 * Country without regard to case, page exactly, company by a part of name or domain, or its GUID.
 * @param {Filter} filter
 * @param {VisitorRow} row
 */
export function matches(filter, row) {
  if (filter.page !== null && row.page !== filter.page) return false;
  if (filter.country !== null && lower(row.country) !== lower(filter.country)) return false;
  return filter.company === null || isCompany(row.company, lower(filter.company));
}

/**
 * The page of an event is where it happened; its company is that of its visitor, as far as known.
 * @param {Filter} filter
 * @param {FeedEvent} event
 * @param {VisitorRow | undefined} row
 */
export function matchesEvent(filter, event, row) {
  if (filter.page !== null && event.page !== filter.page) return false;
  const country = event.country ?? row?.country ?? null;
  if (filter.country !== null && lower(country) !== lower(filter.country)) return false;
  return filter.company === null || isCompany(row?.company ?? null, lower(filter.company));
}

/** @param {Filter} a @param {Filter} b */
export function isSameFilter(a, b) {
  return a.country === b.country && a.page === b.page && a.company === b.company;
}

/**
 * A test for one box: every word must be somewhere in what is known of a visitor.
 * @param {string} query
 * @param {(code: string) => string} countryName so that "germany" finds DE
 * @returns {((row: VisitorRow) => boolean) | null} null when everyone matches
 */
export function searchFor(query, countryName) {
  const words = lower(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  return (row) => {
    const text = haystack(row, countryName);
    return words.every((word) => text.includes(word));
  };
}

/** @type {WeakMap<VisitorRow, string>} */
const haystacks = new WeakMap();

/** @param {VisitorRow} row @param {(code: string) => string} countryName */
function haystack(row, countryName) {
  let text = haystacks.get(row);
  if (text === undefined) {
    const { company, contact } = row;
    const parts = [
      company?.name, company?.domain, contact?.name, contact?.title, ...(contact?.emails ?? []),
      ...(contact?.phones ?? []), row.page, row.ip, row.country, row.country && countryName(row.country),
    ];
    text = lower(parts.filter(Boolean).join("\n"));
    haystacks.set(row, text);
  }
  return text;
}

/** @param {Company | null} company @param {string} wanted in lower case */
function isCompany(company, wanted) {
  if (company === null) return false;
  return lower(company.name).includes(wanted) || lower(company.domain).includes(wanted) || lower(company.guid) === wanted;
}

/** @param {string | null} text */
function lower(text) {
  return (text ?? "").toLocaleLowerCase("en");
}
