// Values as a person reads them. No DOM, no clock.

export const NOTHING = "–";

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const minuteTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const secondTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayTime = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const regionNames = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });

/** @param {number} value */
const twoDigits = (value) => String(value).padStart(2, "0");

/** Seconds as "12 s", "3 min 04 s", "1 h 02 min", "2 d 05 h"; clocks that disagree give "0 s". @param {number} seconds */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return NOTHING;
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${twoDigits(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${twoDigits(Math.floor((s % 3600) / 60))} min`;
  return `${Math.floor(s / 86_400)} d ${twoDigits(Math.floor((s % 86_400) / 3600))} h`;
}

/** The time between two moments in Unix milliseconds, as `duration` says it. @param {number} from_ms @param {number} to_ms */
export function elapsed(from_ms, to_ms) {
  return duration((to_ms - from_ms) / 1000);
}

/** A whole number with thousands separated: 12345 is "12,345". @param {number | null | undefined} value */
export function count(value) {
  return isNumber(value) ? whole.format(value) : NOTHING;
}

/** A number with one decimal: 1.5 is "1.5". @param {number | null | undefined} value */
export function average(value) {
  return isNumber(value) ? tenths.format(value) : NOTHING;
}

/** "1 other dashboard", "2 other dashboards". @param {number} value @param {string} one */
export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Unix milliseconds as "14:03" in the reader's own time zone. @param {number} at_ms */
export function hourMinute(at_ms) {
  return Number.isFinite(at_ms) ? minuteTime.format(at_ms) : NOTHING;
}

/** Unix milliseconds as "14:03:22" in the reader's own time zone. @param {number} at_ms */
export function hourMinuteSecond(at_ms) {
  return Number.isFinite(at_ms) ? secondTime.format(at_ms) : NOTHING;
}

/** "DE" is "Germany"; whatever is no country code is shown as it was sent. @param {string | null} code */
export function country(code) {
  if (!code) return NOTHING;
  if (!/^[A-Za-z]{2}$/.test(code)) return code;
  return regionNames.of(code.toUpperCase()) ?? code;
}

/** "DE" as a flag; nothing for whatever is no country code. @param {string | null} code */
export function flag(code) {
  if (!code || !/^[A-Za-z]{2}$/.test(code)) return "";
  return String.fromCodePoint(...[...code.toUpperCase()].map((letter) => 0x1f1e6 + letter.charCodeAt(0) - 65));
}

const ACTIONS = new Map([
  ["pageview", "viewed"],
  ["click", "clicked on"],
  ["session_end", "left"],
]);

/** What a visitor did, as a verb; the site's own names stay as they are. @param {string} type */
export function action(type) {
  return ACTIONS.get(type) ?? type;
}

/** Unix milliseconds as "22 Nov, 14:03" in the reader's own time zone. @param {number} at_ms */
export function dayMinute(at_ms) {
  return Number.isFinite(at_ms) ? dayTime.format(at_ms) : NOTHING;
}

/** @param {number | null | undefined} value @returns {value is number} */
function isNumber(value) {
  return Number.isFinite(value);
}
