// What is typed into the forms of this folder, and what is said about it. No DOM.

const MIN_PASSWORD = 8;
const MAX_PASSWORD = 256;
const ORIGIN = /^https?:\/\/[^\s/?#@]+\/?$/i;
const KEY = /^trk_([ira])_[a-z2-7]{8}_[a-z2-7]{32}$/;

/** What a key may do, the most harmless first. */
export const SCOPES = [
  { id: "ingest", title: "Send events", detail: "For web pages and apps. Safe to publish." },
  { id: "read", title: "Read", detail: "See visitors and the history. Keep it secret." },
  { id: "admin", title: "Administer", detail: "Change keys and live figures of this site. Keep it secret." },
];

/** @param {string[]} scopes */
export function scopesText(scopes) {
  const titles = SCOPES.filter(({ id }) => scopes.includes(id)).map(({ title }) => title.toLowerCase());
  return capitalized(titles.join(", "));
}

/** @param {string} text one origin a line; commas and spaces will do too @returns {string[]} */
export function originsOf(text) {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

/** What is wrong with origins; empty when nothing is. @param {string[]} origins */
export function originFault(origins) {
  const wrong = origins.find((origin) => !ORIGIN.test(origin));
  return wrong === undefined ? "" : `“${wrong}” is no origin: write the scheme and the host, nothing after it`;
}

/** @param {string} password @param {string} again */
export function passwordFault(password, again) {
  if (password.length < MIN_PASSWORD) return `At least ${MIN_PASSWORD} characters`;
  if (password.length > MAX_PASSWORD) return `At most ${MAX_PASSWORD} characters`;
  return password === again ? "" : "The two are not the same";
}

/**
 * What is wrong with a key for a page; empty when nothing is.
 * @param {string} key
 */
export function pageKeyFault(key) {
  const letter = KEY.exec(key)?.[1];
  if (letter === undefined) return "That is no key: a whole one has about 47 characters and begins with trk_i_";
  if (letter !== "i") return "This key can do more than send events: it must never stand in a page. Use one that begins with trk_i_";
  return "";
}

/**
 * The line that goes into the pages of a site.
 * @param {string} origin of the service
 * @param {string} key empty: without one
 */
export function snippetOf(origin, key) {
  return `<script defer src="${origin}/tracker.js"${key && ` data-key="${key}"`}></script>`;
}

/**
 * What went wrong, for people: the whole, and what was said of single fields.
 * @param {unknown} error
 * @param {string[]} [shown] fields that show themselves what is said of them: nothing is said of the whole when that is all
 * @returns {{message: string, fields: Record<string, string>}}
 */
export function problemOf(error, shown = []) {
  const { message, fields = [], retryAfter_s = null } = /** @type {import("../api.js").ApiError} */ (error ?? {});
  /** @type {Record<string, string>} */
  const byField = {};
  for (const { field, message: fault } of fields) byField[String(field)] = capitalized(String(fault));
  // What is said of the body as a whole belongs to no field of a form.
  const untold = fields.filter(({ field }) => field === "body" || (shown.length && !shown.includes(field)));
  if (shown.length && fields.length && !untold.length) return { message: "", fields: byField };
  const faults = untold.map(({ field, message: fault }) => ` ${sentence(field === "body" ? fault : `${field}: ${fault}`)}`);
  const pause = retryAfter_s === null ? "" : ` Wait ${plainDuration(retryAfter_s)}.`;
  return { message: `${sentence(message || "It did not work")}${faults.join("")}${pause}`, fields: byField };
}

/** @param {string} text */
function capitalized(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {string} text */
function sentence(text) {
  const begun = capitalized(text);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** @param {number} seconds */
function plainDuration(seconds) {
  if (seconds < 120) return seconds === 1 ? "a second" : `${Math.ceil(seconds)} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
