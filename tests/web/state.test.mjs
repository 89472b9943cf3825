import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_ALERTS, MAX_EVENTS, MAX_ROWS, State } from "../../web/static/js/state.js";

const row = (sessionId, fields = {}) => ({
  sessionId, ip: "185.242.1.1", company: null, contact: null, country: null, currentPage: null,
  openedAt: "2026-11-22T08:00:00.000Z", lastActivityAt: "2026-11-22T08:01:00.000Z", status: "active",
  enrichment: "unknown", ...fields,
});
const snapshot = (visitors, seq = 10, fields = {}) => ({
  type: "snapshot",
  seq,
  data: {
    visitors, total: visitors.length, stats: { totalActive: visitors.length, totalToday: 9 },
    averages: { visitorsPerCompany: 1.5, sessionDuration: 60 }, recentEvents: [], totalDashboards: 1,
    upstream: null, hiddenSessions: 2, serverTime: "2026-11-22T08:02:00.000Z", ...fields,
  },
});
const change = (seq, type, data) => ({ type, seq, data });
const started = (...visitors) => {
  const state = new State();
  state.apply(snapshot(visitors), 1_000);
  return state;
};

test("a snapshot replaces whatever was there", () => {
  const state = started(row("a"), row("b"));
  state.apply(snapshot([row("c")], 50), 2_000);
  assert.deepEqual([...state.rows.keys()], ["c"]);
  assert.equal(state.seq, 50);
  assert.equal(state.snapshots, 2);
});

test("rows come, change and go", () => {
  const state = started(row("a"));
  state.apply(change(11, "session_activity", row("b")), 0);
  state.apply(change(12, "session_activity", row("a", { currentPage: "/pricing" })), 0);
  assert.equal(state.rows.get("a").page, "/pricing");
  state.apply(change(13, "session_ended", { sessionId: "a", reason: "closed" }), 0);
  assert.deepEqual([...state.rows.keys()], ["b"]);
});

test("nothing counts before the first snapshot", () => {
  const state = new State();
  assert.equal(state.apply(change(1, "session_activity", row("a")), 0), "ignored");
  assert.equal(state.rows.size, 0);
});

test("a connection that resumes goes on where the last one ended, whatever is sent twice", () => {
  const state = started(row("a"));
  state.apply(change(11, "session_activity", row("b")), 0);
  assert.equal(state.apply(change(11, "session_ended", { sessionId: "b" }), 0), "ignored");
  assert.equal(state.apply(change(12, "session_ended", { sessionId: "a" }), 0), "applied");
  assert.deepEqual([...state.rows.keys()], ["b"]);
});

test("newcomers are told once; those of a snapshot are none", () => {
  const state = started(row("a"));
  assert.deepEqual(state.takeNewcomers(), []);
  state.apply(change(11, "session_activity", row("b")), 500);
  state.apply(change(12, "session_activity", row("b", { currentPage: "/x" })), 600);
  assert.deepEqual(state.takeNewcomers().map(({ id, arrivedAt_ms }) => [id, arrivedAt_ms]), [["b", 500]]);
  assert.deepEqual(state.takeNewcomers(), []);
  assert.equal(state.rows.get("b").arrivedAt_ms, 500);
  state.apply(snapshot([row("b"), row("c")], 40), 900);
  assert.deepEqual(state.takeNewcomers(), []);
  assert.equal(state.rows.get("c").arrivedAt_ms, null);
});

test("the answer to a filter brings rows that a cut snapshot lacked, and takes them back", () => {
  const state = new State();
  state.apply(snapshot([row("a")], 10, { total: 3 }), 0);
  const answer = (...sessions) => state.apply({
    type: "detailed_stats", seq: 10,
    data: { filter: { country: "DE" }, stats: { totalActive: 2, totalToday: 7 }, sessions, events: [] },
  }, 0);
  answer(row("a"), row("b"));
  assert.deepEqual([...state.rows.keys()], ["a", "b"]);
  assert.deepEqual(state.detailed.filter, { country: "DE", page: null, company: null });
  assert.equal(state.detailed.totalToday, 7);
  answer(row("a"));
  assert.deepEqual([...state.rows.keys()], ["a"]);
});

test("a whole snapshot lacks nobody: the answer to a filter brings back none who left", () => {
  const state = started(row("a"));
  state.apply({ type: "detailed_stats", seq: 10, data: { filter: {}, stats: {}, sessions: [row("gone")] } }, 0);
  assert.deepEqual([...state.rows.keys()], ["a"]);
});

test("a gap stops the changes until the missing ones are there", () => {
  const state = started(row("a"));
  assert.equal(state.apply(change(13, "session_activity", row("d")), 0), "gap");
  assert.equal(state.hasGap, true);
  assert.equal(state.seq, 10);
  for (const [seq, id] of [[11, "b"], [12, "c"], [13, "d"]]) {
    assert.equal(state.apply(change(seq, "session_activity", row(id)), 0), "applied");
  }
  assert.equal(state.hasGap, false);
  assert.deepEqual([...state.rows.keys()], ["a", "b", "c", "d"]);
});

test("a snapshot closes a gap too", () => {
  const state = started(row("a"));
  state.apply(change(99, "session_activity", row("z")), 0);
  state.apply(snapshot([row("b")], 120), 0);
  assert.equal(state.hasGap, false);
  assert.equal(state.apply(change(121, "session_activity", row("c")), 0), "applied");
});

test("what was applied already is not applied again", () => {
  const state = started(row("a"));
  state.apply(change(11, "session_ended", { sessionId: "a" }), 0);
  assert.equal(state.apply(change(10, "session_activity", row("a")), 0), "ignored");
  assert.equal(state.rows.size, 0);
});

test("answers to this dashboard alone do not count in the sequence", () => {
  const state = started(row("a"));
  state.apply(change(10, "pong", { serverTime: "2026-11-22T08:10:00.000Z" }), 5_000);
  assert.equal(state.serverNow_ms(6_000), Date.parse("2026-11-22T08:10:01.000Z"));
  assert.equal(state.apply(change(11, "session_activity", row("b")), 0), "applied");
});

test("an error that stands in for a lost message keeps the sequence whole", () => {
  const state = started(row("a"));
  state.apply(change(11, "error", { message: "not encodable", field: null }), 0);
  assert.equal(state.apply(change(12, "session_activity", row("b")), 0), "applied");
});

test("figures follow their messages; null means unchanged or unknown as the contract says", () => {
  const state = started(row("a"));
  assert.equal(state.hiddenSessions, 2);
  state.apply(change(11, "visitor_update", { event: null, stats: { totalActive: 7, totalToday: 30 } }), 0);
  state.apply(change(12, "averages", { visitorsPerCompany: null, sessionDuration: null }), 0);
  assert.deepEqual([state.totalActive, state.totalToday], [7, 30]);
  assert.equal(state.averages.visitorsPerCompany, null);
  assert.equal(state.sessionDuration_s(99_000), null);
});

test("the average duration runs on between two messages", () => {
  assert.equal(started(row("a")).sessionDuration_s(3_500), 62.5);
});

test("the feed is newest first and bounded", () => {
  const state = started(row("a"));
  for (let n = 1; n <= MAX_EVENTS + 5; n += 1) {
    state.apply(change(10 + n, "visitor_update", { event: { id: `e${n}`, type: "click" }, stats: null }), 0);
  }
  assert.equal(state.events.length, MAX_EVENTS);
  assert.equal(state.events[0].id, `e${MAX_EVENTS + 5}`);
});

test("alerts are bounded and outlive a reconnect; a reset empties the feed and keeps the rows", () => {
  const state = started(row("a"));
  for (let n = 1; n <= MAX_ALERTS + 3; n += 1) {
    state.apply(change(10 + n, "alert", { level: "warning", message: `m${n}`, at: "2026-11-22T08:00:00.000Z" }), 0);
  }
  state.apply(snapshot([row("a")], 200, { recentEvents: [{ id: "e", type: "click" }] }), 0);
  assert.equal(state.alerts.length, MAX_ALERTS);
  assert.equal(state.alerts[0].message, `m${MAX_ALERTS + 3}`);
  assert.equal(state.events.length, 1);
  state.apply(change(201, "reset", { at: "2026-11-22T08:00:00.000Z" }), 0);
  assert.equal(state.events.length, 0);
  assert.equal(state.rows.size, 1);
});

test("a snapshot brings the alerts of before, once, and they are no news", () => {
  const at = (second) => `2026-11-22T08:00:0${second}.000Z`;
  const [first, second, third] = [1, 2, 3].map((n) => ({ level: "info", message: `m${n}`, at: at(n) }));
  const state = started();
  state.apply(snapshot([], 20, { recentAlerts: [second, first] }), 0);
  assert.deepEqual(state.takeAlerts(), []);
  state.apply(change(21, "alert", third), 0);
  assert.deepEqual(state.takeAlerts().map(({ message }) => message), ["m3"]);
  state.apply(snapshot([], 30, { recentAlerts: [third, second] }), 0);
  assert.deepEqual(state.alerts.map(({ message }) => message), ["m3", "m2", "m1"]);
  assert.equal(new Set(state.alerts.map(({ ordinal }) => ordinal)).size, 3);
});

test("the map of rows is bounded: the longest known row goes, and that is counted", () => {
  const state = started();
  for (let n = 0; n <= MAX_ROWS; n += 1) state.apply(change(11 + n, "session_activity", row(`s${n}`)), 0);
  assert.equal(state.rows.size, MAX_ROWS);
  assert.equal(state.evictedRows, 1);
  assert.equal(state.rows.has("s0"), false);
  assert.equal(state.isPartial, true);
});

test("a snapshot that leaves rows out says so", () => {
  const state = new State();
  state.apply(snapshot([row("a")], 1, { total: 6_000 }), 0);
  assert.equal(state.isPartial, true);
});

test("names that every object has are unknown types like any other", () => {
  const state = started(row("a"));
  ["__proto__", "constructor", "toString"].forEach((type, n) => {
    assert.equal(state.apply(change(11 + n, type, {}), 0), "ignored");
  });
  assert.equal(state.seq, 13);
});

test("nothing that a message lacks or adds breaks the state", () => {
  const state = started(row("a"));
  const odd = [
    null, 7, "x", [], {}, change(11, "snapshot", null), change(11, "no_such_type", {}),
    change(12, "session_activity", {}), change(13, "session_activity", { sessionId: 5, company: "x", contact: [] }),
    change(14, "visitor_update", { event: {}, stats: "x" }), change(15, "alert", {}), change(16, "upstream_status", {}),
    change(17, "averages", { visitorsPerCompany: "2", sessionDuration: {} }), change(18, "session_ended", {}),
  ];
  for (const message of odd) state.apply(message, 0);
  assert.equal(state.seq, 18);
  assert.deepEqual([...state.rows.keys()], ["a", "5"]);
  assert.equal(state.rows.get("5").contact, null);
  assert.ok(state.unknownMessages >= 5);
  state.apply({ type: "snapshot", seq: 30, data: {} }, 0);
  assert.equal(state.rows.size, 0);
});
