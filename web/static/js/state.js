// Everything the page knows, outside every view. No DOM and no clock of its own:
// `local_ms` is a monotonic reading of the caller's.

import { alertEntry, feedEvent, number, time_ms, visitorRow } from "./rows.js";

export const MAX_ROWS = 20_000;
export const MAX_EVENTS = 50;
export const MAX_ALERTS = 20;

// Answers to this dashboard alone: they are no part of the site's sequence.
const PERSONAL = new Set(["pong", "error", "detailed_stats", "action_tracked"]);

export class State {
  /** Visitor rows by session id; at most MAX_ROWS, beyond that the longest known one goes. */
  rows = new Map();
  evictedRows = 0;
  /** New session ids so far; a row's `arrival` is its place in that count. */
  arrivals = 0;
  /** Snapshots so far; 0 means that nothing is known yet. */
  snapshots = 0;
  /** Sequence number of the last message that was applied. */
  seq = null;
  /** True from a gap in the sequence until the service has filled it. */
  hasGap = false;
  totalActive = null;
  totalToday = null;
  averages = { visitorsPerCompany: null, sessionDuration: null, at_ms: 0 };
  hiddenSessions = 0;
  totalDashboards = null;
  upstream = null;
  /** Newest first. */
  events = [];
  /** Newest first; kept across reconnects, a snapshot does not repeat them. */
  alerts = [];
  alertCount = 0;
  unknownMessages = 0;
  #isCut = false;
  #server_ms = NaN;
  #serverRead_ms = 0;

  /** The service's clock in Unix milliseconds. */
  serverNow_ms(local_ms) {
    return this.#server_ms + (local_ms - this.#serverRead_ms);
  }

  /** Rows that the service did not send or that did not fit here. */
  get isPartial() {
    return this.evictedRows > 0 || this.#isCut;
  }

  /** The connection is new: nothing counts until its snapshot, and what is shown stays. */
  expectSnapshot() {
    this.seq = null;
    this.hasGap = false;
  }

  /**
   * Apply one message. Returns "gap" when messages are missing before it: then nothing was
   * applied and the caller asks for what came after `seq`. Otherwise "applied" or "ignored".
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
    handler.call(this, data, local_ms);
    return "applied";
  }

  #order(seq) {
    if (seq === null) return "next";
    // Before the first snapshot of a connection nothing is in order.
    if (this.seq === null || seq <= this.seq) return "ignored";
    if (seq > this.seq + 1) {
      this.hasGap = true;
      return "gap";
    }
    this.seq = seq;
    this.hasGap = false;
    return "next";
  }

  #ignore() {
    this.unknownMessages += 1;
    return "ignored";
  }

  #personal(type, data, local_ms, seq) {
    // It carries the number before it, unless it stands in for a message that could not be sent.
    if (this.seq !== null && seq === this.seq + 1) this.seq = seq;
    if (type !== "pong") return "ignored";
    this.#readClock(data.serverTime, local_ms);
    return "applied";
  }

  #readClock(serverTime, local_ms) {
    const server_ms = time_ms(serverTime);
    if (Number.isNaN(server_ms)) return;
    this.#server_ms = server_ms;
    this.#serverRead_ms = local_ms;
  }

  #snapshot(data, local_ms) {
    const known = this.rows;
    const visitors = Array.isArray(data.visitors) ? data.visitors : [];
    this.rows = new Map();
    this.evictedRows = 0;
    this.snapshots += 1;
    for (const visitor of visitors) this.putRow(visitor, known);
    this.#isCut = (number(data.total) ?? 0) > visitors.length;
    this.putStats(data.stats);
    this.putAverages(data.averages, local_ms);
    this.hiddenSessions = number(data.hiddenSessions) ?? 0;
    this.totalDashboards = number(data.totalDashboards);
    this.putUpstream(data.upstream);
    const events = Array.isArray(data.recentEvents) ? data.recentEvents : [];
    this.events = events.slice(0, MAX_EVENTS).map(feedEvent);
    this.#readClock(data.serverTime, local_ms);
  }

  putRow(data, known = this.rows) {
    if (data?.sessionId === undefined || data.sessionId === null) return;
    const id = String(data.sessionId);
    const before = this.rows.get(id) ?? known.get(id);
    if (before === undefined) this.arrivals += 1;
    if (!this.rows.has(id) && this.rows.size >= MAX_ROWS) {
      this.rows.delete(this.rows.keys().next().value);
      this.evictedRows += 1;
    }
    this.rows.set(id, visitorRow(data, before?.arrival ?? this.arrivals));
  }

  putStats(stats) {
    if (!stats) return;
    this.totalActive = number(stats.totalActive) ?? this.totalActive;
    this.totalToday = number(stats.totalToday) ?? this.totalToday;
  }

  putAverages(averages, local_ms) {
    if (!averages) return;
    this.averages = {
      visitorsPerCompany: number(averages.visitorsPerCompany),
      sessionDuration: number(averages.sessionDuration),
      at_ms: local_ms,
    };
    this.hiddenSessions = number(averages.hiddenSessions) ?? this.hiddenSessions;
  }

  putUpstream(data) {
    this.upstream = data ? { status: String(data.status), since_ms: time_ms(data.since) } : null;
  }

  /** Seconds that an active session has lasted on average, running on since the service said so. */
  sessionDuration_s(local_ms) {
    const { sessionDuration, at_ms } = this.averages;
    return sessionDuration === null ? null : sessionDuration + Math.max(0, local_ms - at_ms) / 1000;
  }
}

// A Map, here and wherever a text of others is the key: an object would know "__proto__" too.
const HANDLERS = new Map(Object.entries({
  visitor_update(data) {
    this.putStats(data.stats);
    if (!data.event) return;
    this.events.unshift(feedEvent(data.event));
    this.events.length = Math.min(this.events.length, MAX_EVENTS);
  },
  session_activity(data) {
    this.putRow(data);
  },
  session_ended(data) {
    this.rows.delete(String(data.sessionId));
  },
  averages(data, local_ms) {
    this.putAverages(data, local_ms);
  },
  user_connected(data) {
    this.totalDashboards = number(data.totalDashboards) ?? this.totalDashboards;
  },
  user_disconnected(data) {
    this.totalDashboards = number(data.totalDashboards) ?? this.totalDashboards;
  },
  alert(data) {
    this.alertCount += 1;
    this.alerts.unshift(alertEntry(data, this.alertCount));
    this.alerts.length = Math.min(this.alerts.length, MAX_ALERTS);
  },
  upstream_status(data) {
    this.putUpstream(data);
  },
  // Sessions stay, they are still there; the new figures follow in a message of their own.
  reset() {
    this.events = [];
  },
}));
