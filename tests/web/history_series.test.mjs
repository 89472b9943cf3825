import assert from "node:assert/strict";
import { test } from "node:test";
import * as series from "../../web/static/js/history/series.js";

const moments = new series.Moments("Europe/Berlin");
const at = (...parts) => Date.UTC(...parts) / 1000;
const SERIES = {
  interval: 900,
  points: [
    { time: "2026-11-22T13:00:00.000Z", events: 3, visitors: 2 },
    { time: "2026-11-22T13:15:00.000Z", events: 1200, visitors: 1 },
    { time: "2026-11-22T13:30:00.000Z", events: 0, visitors: 0 },
  ],
};

test("points become the columns of the chart", () => {
  assert.deepEqual(series.columns(SERIES.points), [
    [at(2026, 10, 22, 13), at(2026, 10, 22, 13, 15), at(2026, 10, 22, 13, 30)], [3, 1200, 0], [2, 1, 0],
  ]);
  assert.deepEqual(series.columns([]), [[], [], []]);
});

test("axes tell times, and the date where a day begins in the reader's zone", () => {
  const midnight = at(2026, 10, 22, 23);
  assert.deepEqual(moments.axis([midnight - 21_600, midnight, midnight + 21_600], 21_600), ["18:00", "23 Nov", "06:00"]);
  assert.deepEqual(moments.axis([midnight, midnight + 10], 10), ["23 Nov", "00:00:10"]);
  assert.deepEqual(moments.axis([midnight, midnight + 86_400], 86_400), ["23 Nov", "24 Nov"]);
  assert.deepEqual(moments.axis([at(2026, 11, 31, 23)], 31 * 86_400), ["Jan 2027"]);
});

test("a part of the time says when it begins and ends", () => {
  assert.equal(moments.part(at(2026, 10, 22, 13, 15), 900), "Sun 22 Nov, 14:15 – 14:30");
  assert.equal(moments.part(at(2026, 10, 22, 13, 15), 10), "Sun 22 Nov, 14:15:00 – 14:15:10");
  assert.equal(moments.part(at(2026, 10, 21, 23), 86_400), "Sun 22 Nov 2026");
  assert.equal(moments.part(at(2026, 10, 15, 23), 604_800), "week of Mon 16 Nov 2026");
});

test("the table has the newest part first and nothing is left out", () => {
  const rows = series.tableRows(SERIES, moments);
  assert.deepEqual(rows.map(({ when, events, visitors }) => [when, events, visitors]), [
    ["Sun 22 Nov, 14:30 – 14:45", 0, 0],
    ["Sun 22 Nov, 14:15 – 14:30", 1200, 1],
    ["Sun 22 Nov, 14:00 – 14:15", 3, 2],
  ]);
  assert.equal(SERIES.points[0].events, 3);
});

test("the chart is told in two sentences", () => {
  assert.equal(
    series.summary(SERIES, moments),
    "Events and visitors per 15 minutes: 1,203 events. Most at Sun 22 Nov, 14:15 – 14:30: 1,200 events by 1 visitor.",
  );
  const empty = { interval: 3600, points: [{ time: "2026-11-22T13:00:00.000Z", events: 0, visitors: 0 }] };
  assert.equal(series.summary(empty, moments), "Events and visitors per hour: no events.");
});
