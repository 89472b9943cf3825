// Values as a person reads them. No DOM, no clock.

export const NOTHING = "–";

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const minuteTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const secondTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const regionNames = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });

const twoDigits = (value) => String(value).padStart(2, "0");

/** Seconds as "12 s", "3 min 04 s", "1 h 02 min", "2 d 05 h"; clocks that disagree give "0 s". */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return NOTHING;
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${twoDigits(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${twoDigits(Math.floor((s % 3600) / 60))} min`;
  return `${Math.floor(s / 86_400)} d ${twoDigits(Math.floor((s % 86_400) / 3600))} h`;
}

/** The time between two moments in Unix milliseconds, as `duration` says it. */
export function elapsed(from_ms, to_ms) {
  return duration((to_ms - from_ms) / 1000);
}

/** A whole number with thousands separated: 12345 is "12,345". */
export function count(value) {
  return Number.isFinite(value) ? whole.format(value) : NOTHING;
}

/** A number with one decimal: 1.5 is "1.5". */
export function average(value) {
  return Number.isFinite(value) ? tenths.format(value) : NOTHING;
}

/** "1 other dashboard", "2 other dashboards". */
export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Unix milliseconds as "14:03" in the reader's own time zone. */
export function hourMinute(at_ms) {
  return Number.isFinite(at_ms) ? minuteTime.format(at_ms) : NOTHING;
}

/** Unix milliseconds as "14:03:22" in the reader's own time zone. */
export function hourMinuteSecond(at_ms) {
  return Number.isFinite(at_ms) ? secondTime.format(at_ms) : NOTHING;
}

/** "DE" is "Germany"; whatever is no country code is shown as it was sent. */
export function country(code) {
  if (!code) return NOTHING;
  if (!/^[A-Za-z]{2}$/.test(code)) return code;
  return regionNames.of(code.toUpperCase()) ?? code;
}
