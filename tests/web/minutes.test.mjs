import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE_MS, Minutes } from "../../web/static/js/minutes.js";

const NOON_MS = Date.parse("2026-11-22T12:00:00.000Z");
const row = (id, minute, offset_ms = 0) => ({ id, lastActivityAt_ms: NOON_MS + minute * MINUTE_MS + offset_ms });
const visitors = (minutes, minute) => minutes.at(NOON_MS + minute * MINUTE_MS + 30_000).map((entry) => entry.visitors);

test("ten minutes, the last one is running; what the snapshot counted is not counted again", () => {
  const minutes = new Minutes();
  minutes.start([{ time: "2026-11-22T11:59:00.000Z", visitors: 4 }, { time: "2026-11-22T12:00:00.000Z", visitors: 2 }], [row("a", 0)]);
  minutes.count(row("a", 0, 9_000));
  assert.deepEqual(visitors(minutes, 0), [0, 0, 0, 0, 0, 0, 0, 0, 4, 2]);
  minutes.count(row("b", 0));
  minutes.count(row("a", 1));
  minutes.count(row("a", 1, 5_000));
  assert.deepEqual(visitors(minutes, 1), [0, 0, 0, 0, 0, 0, 0, 4, 3, 1]);
  assert.deepEqual(visitors(minutes, 30), Array(10).fill(0));
});

test("nonsense counts nothing, and a reset begins anew", () => {
  const minutes = new Minutes();
  minutes.start([null, { time: "noon", visitors: 7 }, { time: "2026-11-22T12:00:00.000Z", visitors: "9" }], []);
  minutes.count({ id: "a", lastActivityAt_ms: NaN });
  assert.deepEqual(visitors(minutes, 0), Array(10).fill(0));
  minutes.count(row("a", 0));
  minutes.clear();
  assert.equal(visitors(minutes, 0)[9], 0);
});

test("a year of minutes is not kept", () => {
  const minutes = new Minutes();
  for (let minute = 0; minute < 1_000; minute += 1) minutes.count(row("a", minute));
  assert.deepEqual(visitors(minutes, 999), Array(10).fill(1));
});
