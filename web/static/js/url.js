// What the address of the page says: the view, the filters, the site, an open visitor. No DOM.

export const FILTER_NAMES = /** @type {const} */ (["country", "page", "company"]);
const LONGEST_FILTER = 200;

/**
 * One parameter of a query string; empty counts as missing.
 * @param {string} search
 * @param {string} name
 * @returns {string | null}
 */
export function parameter(search, name) {
  return new URLSearchParams(search).get(name) || null;
}

/**
 * The filters in a query string, cut to what the service takes.
 * @param {string} search
 * @returns {Filter}
 */
export function filtersOf(search) {
  const [country, page, company] = FILTER_NAMES.map(
    (name) => parameter(search, name)?.slice(0, LONGEST_FILTER) ?? null,
  );
  return { country, page, company };
}

/**
 * `search` with some parameters changed (null removes one); all others stay as they are.
 * @param {string} search
 * @param {Record<string, string | null>} changes
 */
export function changed(search, changes) {
  const parameters = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) parameters.set(name, value);
    else parameters.delete(name);
  }
  // Slashes are allowed there, and addresses are read by people.
  const text = parameters.toString().replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}
