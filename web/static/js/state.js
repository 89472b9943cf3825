// Everything the page knows, outside every view. No DOM and no clock of its own:
// `local_ms` is a monotonic reading of the caller's.

import { Minutes } from "./minutes.js";
import { alertEntry, detailedAnswer, feedEvent, list, number, time_ms, visitorRow } from "./rows.js";

export const MAX_ROWS = 20_000;
export const MAX_EVENTS = 200;
export const MAX_ALERTS = 50;

// Answers to this dashboard alone: they are no part of the site's sequence.
const PERSONAL = new Set(["pong", "error", "detailed_stats", "action_tracked"]);

export class State {
  /** @type {Map<string, VisitorRow>} by session id; at most MAX_ROWS, beyond that the longest known one goes */
  rows = new Map();
  evictedRows = 0;
  /** New session ids so far; a row's `arrival` is its place in that count. */
  arrivals = 0;
  /** Snapshots so far; 0 means that nothing is known yet. */
  snapshots = 0;
  /** @type {number | null} sequence number of the last message that was applied */
  seq = null;
  /** True from a gap in the sequence until the service has filled it. */
  hasGap = false;
  /** @type {number | null} */
  totalActive = null;
  /** @type {number | null} */
  totalToday = null;
  /** @type {Averages} */
  averages = { visitorsPerCompany: null, sessionDuration: null, sessionDurationToday: null, at_ms: 0 };
  hiddenSessions = 0;
  /** @type {number | null} */
  totalDashboards = null;
  /** @type {{status: string, since_ms: number} | null} */
  upstream = null;
  minutes = new Minutes();
  /** @type {FeedEvent[]} newest first */
  events = [];
  eventCount = 0;
  /** @type {AlertEntry[]} newest first */
  alerts = [];
  alertCount = 0;
  /** @type {Detailed | null} the last answer to a filter */
  detailed = null;
  unknownMessages = 0;
  /** @type {VisitorRow[]} */
  #newcomers = [];
  /** @type {AlertEntry[]} */
  #news = [];
  /** @type {VisitorRow[]} */
  #lent = [];
  #isCut = false;
  #server_ms = NaN;
  #serverRead_ms = 0;

  /** The service's clock in Unix milliseconds. @param {number} local_ms */
  serverNow_ms(local_ms) {
    return this.#server_ms + (local_ms - this.#serverRead_ms);
  }

  /** Rows that the service did not send or that did not fit here. */
  get isPartial() {
    return this.evictedRows > 0 || this.#isCut;
  }

  /** Visitors who came since the last call. Those whom a snapshot brings have been there. */
  takeNewcomers() {
    return this.#newcomers.splice(0);
  }

  /** Alerts that came since the last call, oldest first. Those of a snapshot are no news. */
  takeAlerts() {
    return this.#news.splice(0);
  }

  /** @param {Json} data */
  putAlert(data) {
    const alert = alertEntry(data, this.alertCount + 1);
    this.#remember(alert);
    this.#news.push(alert);
  }

  /** A snapshot repeats what is known, but only as far back as the service's start. @param {AlertEntry} alert */
  #remember(alert) {
    if (this.alerts.some(({ at_ms, message }) => at_ms === alert.at_ms && message === alert.message)) return;
    this.alertCount = alert.ordinal;
    this.alerts.unshift(alert);
    this.alerts.length = Math.min(this.alerts.length, MAX_ALERTS);
  }

  /**
   * Apply one message. Returns "gap" when messages are missing before it: then nothing was
   * applied and the caller asks for what came after `seq`. Otherwise "applied" or "ignored".
   * @param {Json} message
   * @param {number} local_ms
   * @returns {"applied" | "ignored" | "gap"}
   */
  apply(message, local_ms) {
    const { type, seq, data } = message ?? {};
    if (typeof data !== "object" || data === null) return this.#ignore();
    if (type === "snapshot") {
      this.#snapshot(data, local_ms);
      this.seq = number(seq);
      this.hasGap = false;
      return "applied";
    }
    if (this.snapshots === 0) return "ignored";
    if (PERSONAL.has(type)) return this.#personal(type, data, local_ms, number(seq));
    const order = this.#order(number(seq));
    if (order !== "next") return order;
    const handler = HANDLERS.get(type);
    if (handler === undefined) return this.#ignore();
    handler(this, data, local_ms);
    return "applied";
  }

  /** @param {number | null} seq */
  #order(seq) {
    if (seq === null) return "next";
    if (this.seq === null || seq <= this.seq) return "ignored";
    if (seq > this.seq + 1) {
      this.hasGap = true;
      return "gap";
    }
    this.seq = seq;
    this.hasGap = false;
    return "next";
  }

  /** @returns {"ignored"} */
  #ignore() {
    this.unknownMessages += 1;
    return "ignored";
  }

  /**
   * @param {string} type @param {Json} data @param {number} local_ms @param {number | null} seq
   * @returns {"applied" | "ignored"}
   */
  #personal(type, data, local_ms, seq) {
    // It carries the number before it, unless it stands in for a message that could not be sent.
    if (this.seq !== null && seq === this.seq + 1) this.seq = seq;
    if (type === "detailed_stats") this.#putDetailed(detailedAnswer(data));
    else if (type === "pong") this.#readClock(data.serverTime, local_ms);
    else return "ignored";
    return "applied";
  }

  /**
   * On a busy site the snapshot lacks the longest idle rows; the answer to a filter may bring some. They
   * are kept until the next answer does not name them any more.
   * @param {Detailed} answer
   */
  #putDetailed(answer) {
    this.detailed = answer;
    for (const row of this.#lent) if (this.rows.get(row.id) === row) this.rows.delete(row.id);
    this.#lent = this.isPartial ? answer.rows.filter((row) => !this.rows.has(row.id)) : [];
    for (const row of this.#lent.slice(0, MAX_ROWS - this.rows.size)) this.rows.set(row.id, row);
  }

  /** @param {Json} serverTime @param {number} local_ms */
  #readClock(serverTime, local_ms) {
    const server_ms = time_ms(serverTime);
    if (Number.isNaN(server_ms)) return;
    this.#server_ms = server_ms;
    this.#serverRead_ms = local_ms;
  }

  /** @param {Json} data @param {number} local_ms */
  #snapshot(data, local_ms) {
    const known = this.rows;
    const visitors = list(data.visitors);
    this.rows = new Map();
    this.evictedRows = 0;
    this.snapshots += 1;
    for (const visitor of visitors) this.putRow(visitor, null, known);
    this.#isCut = (number(data.total) ?? 0) > visitors.length;
    this.minutes.start(data.visitorsByMinute, this.rows.values());
    this.putStats(data.stats);
    this.putAverages(data.averages, local_ms);
    this.hiddenSessions = number(data.hiddenSessions) ?? 0;
    this.totalDashboards = number(data.totalDashboards);
    this.putUpstream(data.upstream);
    const events = list(data.recentEvents).slice(0, MAX_EVENTS);
    this.events = events.map((event, place) => feedEvent(event, this.eventCount + events.length - place));
    this.eventCount += events.length;
    for (const alert of list(data.recentAlerts).reverse()) this.#remember(alertEntry(alert, this.alertCount + 1));
    this.#readClock(data.serverTime, local_ms);
  }

  /**
   * @param {Json} data
   * @param {number | null} arrivedAt_ms when a newcomer came; null in a snapshot, where everyone has been there
   */
  putRow(data, arrivedAt_ms, known = this.rows) {
    if (data?.sessionId === undefined || data.sessionId === null) return;
    const id = String(data.sessionId);
    const before = this.rows.get(id) ?? known.get(id);
    if (before === undefined) this.arrivals += 1;
    if (!this.rows.has(id) && this.rows.size >= MAX_ROWS) {
      const oldest = this.rows.keys().next().value;
      if (oldest !== undefined) {
        this.rows.delete(oldest);
        this.minutes.end(oldest);
      }
      this.evictedRows += 1;
    }
    const row = visitorRow(data, before?.arrival ?? this.arrivals, before ? before.arrivedAt_ms : arrivedAt_ms);
    this.rows.set(id, row);
    if (before === undefined && arrivedAt_ms !== null) this.#newcomers.push(row);
  }

  /** @param {Json} stats */
  putStats(stats) {
    if (!stats) return;
    this.totalActive = number(stats.totalActive) ?? this.totalActive;
    this.totalToday = number(stats.totalToday) ?? this.totalToday;
  }

  /** @param {Json} averages @param {number} local_ms */
  putAverages(averages, local_ms) {
    if (!averages) return;
    this.averages = {
      visitorsPerCompany: number(averages.visitorsPerCompany),
      sessionDuration: number(averages.sessionDuration),
      sessionDurationToday: number(averages.sessionDurationToday),
      at_ms: local_ms,
    };
    this.hiddenSessions = number(averages.hiddenSessions) ?? this.hiddenSessions;
  }

  /** @param {Json} data */
  putUpstream(data) {
    this.upstream = data ? { status: String(data.status), since_ms: time_ms(data.since) } : null;
  }

  /**
   * Seconds that an active session has lasted on average, running on since the service said so.
   * @param {number} local_ms
   */
  sessionDuration_s(local_ms) {
    const { sessionDuration, at_ms } = this.averages;
    return sessionDuration === null ? null : sessionDuration + Math.max(0, local_ms - at_ms) / 1000;
  }
}

/** @typedef {(state: State, data: Json, local_ms: number) => void} Handler */

/** @type {Handler} */
function putDashboards(state, data) {
  state.totalDashboards = number(data.totalDashboards) ?? state.totalDashboards;
}

/** @type {Record<string, Handler>} */
const BY_TYPE = {
  visitor_update(state, data) {
    state.putStats(data.stats);
    if (!data.event) return;
    state.eventCount += 1;
    state.events.unshift(feedEvent(data.event, state.eventCount));
    state.events.length = Math.min(state.events.length, MAX_EVENTS);
  },
  session_activity(state, data, local_ms) {
    state.putRow(data, local_ms);
    const row = state.rows.get(String(data.sessionId));
    if (row) state.minutes.count(row);
  },
  session_ended(state, data) {
    state.rows.delete(String(data.sessionId));
    state.minutes.end(String(data.sessionId));
  },
  averages: (state, data, local_ms) => state.putAverages(data, local_ms),
  user_connected: putDashboards,
  user_disconnected: putDashboards,
  alert: (state, data) => state.putAlert(data),
  upstream_status: (state, data) => state.putUpstream(data),
  // Sessions stay, they are still there; the new figures follow in a message of their own.
  reset(state) {
    state.events = [];
    state.minutes.clear();
  },
};

// A Map, here and wherever a text of others is the key: an object would know "__proto__" too.
const HANDLERS = new Map(Object.entries(BY_TYPE));
