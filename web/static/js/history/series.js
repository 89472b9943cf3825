// Events and visitors over time: columns for the chart, words for who does not see it. No DOM.

import { plural } from "../format.js";
import { every } from "./numbers.js";

/** @typedef {{time: string, events: number, visitors: number}} Point */
/** @typedef {{interval: number, points: Point[]}} Series */
/** @typedef {keyof typeof formats} Form */

/** @satisfies {Record<string, Intl.DateTimeFormatOptions>} */
const formats = {
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  minute: { hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  year: { month: "short", year: "numeric" },
  weekday: { weekday: "short", day: "numeric", month: "short" },
  yearAlone: { year: "numeric" },
};
const DAY_S = 86_400;

/** Says moments (Unix seconds) in one time zone, the reader's own unless another is named. */
export class Moments {
  /** @type {Record<string, Intl.DateTimeFormat>} */
  #formats;

  /** @param {string} [timeZone] */
  constructor(timeZone) {
    this.#formats = Object.fromEntries(
      Object.entries(formats).map(([name, parts]) => [name, new Intl.DateTimeFormat("en-GB", { ...parts, timeZone })]),
    );
  }

  /**
   * @param {Form} form
   * @param {number} at_s
   */
  say(form, at_s) {
    return this.#formats[form].format(at_s * 1000);
  }

  /**
   * Labels of an axis whose marks are `step_s` apart: times of a day, and the date where one begins.
   * @param {number[]} marks_s
   * @param {number} step_s
   */
  axis(marks_s, step_s) {
    if (step_s >= 28 * DAY_S) return marks_s.map((at_s) => this.say("year", at_s));
    if (step_s >= DAY_S) return marks_s.map((at_s) => this.say("day", at_s));
    const form = step_s < 60 ? "second" : "minute";
    return marks_s.map((at_s) => {
      const said = this.say(form, at_s);
      return /^00:00(:00)?$/.test(said) ? this.say("day", at_s) : said;
    });
  }

  /**
   * The time of one point: "Sun 22 Nov, 14:15 – 14:30", "Sun 22 Nov 2026".
   * @param {number} at_s
   * @param {number} interval_s
   */
  part(at_s, interval_s) {
    const day = this.say("weekday", at_s);
    if (interval_s >= DAY_S) {
      const date = `${day} ${this.say("yearAlone", at_s)}`;
      return interval_s > DAY_S ? `${every(interval_s)} of ${date}` : date;
    }
    const form = interval_s < 60 ? "second" : "minute";
    return `${day}, ${this.say(form, at_s)} – ${this.say(form, at_s + interval_s)}`;
  }
}

/**
 * `[times in Unix seconds, events, visitors]`, as the chart wants them.
 * @param {Point[]} points
 */
export function columns(points) {
  return [
    points.map(({ time }) => Date.parse(time) / 1000),
    points.map(({ events }) => events),
    points.map(({ visitors }) => visitors),
  ];
}

/**
 * The rows of the table that says what the chart shows, newest first.
 * @param {Series} series
 * @param {Moments} moments
 */
export function tableRows({ interval, points }, moments) {
  const rows = points.map(({ time, events, visitors }) => {
    return { time, when: moments.part(Date.parse(time) / 1000, interval), events, visitors };
  });
  return rows.reverse();
}

/**
 * The chart in two sentences.
 * @param {Series} series
 * @param {Moments} moments
 */
export function summary({ interval, points }, moments) {
  const what = `Events and visitors per ${every(interval)}`;
  const total = points.reduce((sum, { events }) => sum + events, 0);
  if (total === 0) return `${what}: no events.`;
  const peak = points.reduce((most, point) => (point.events > most.events ? point : most));
  const when = moments.part(Date.parse(peak.time) / 1000, interval);
  const most = `${plural(peak.events, "event")} by ${plural(peak.visitors, "visitor")}`;
  return `${what}: ${plural(total, "event")}. Most at ${when}: ${most}.`;
}
