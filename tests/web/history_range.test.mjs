import assert from "node:assert/strict";
import { test } from "node:test";
import { changed } from "../../web/static/js/url.js";

process.env.TZ = "Europe/Berlin";
const range = await import("../../web/static/js/history/range.js");

const read = (query) => range.readRange(new URLSearchParams(query));
const FROM_MS = Date.UTC(2026, 10, 20, 9, 0);
const TO_MS = Date.UTC(2026, 10, 21, 9, 30);
const OWN = { name: "own", from_ms: FROM_MS, to_ms: TO_MS };

test("an address gives its range, and the last day when it makes no sense", () => {
  assert.deepEqual(read("range=week"), { name: "week" });
  assert.deepEqual(read("from=2026-11-20T09:00:00.000Z&to=2026-11-21T09:30:00.000Z"), OWN);
  for (const query of [
    "", "range=decade", "from=yesterday&to=today", "from=2026-11-20T09:00Z",
    "from=2026-11-21T09:00Z&to=2026-11-20T09:00Z", "from=1026-11-21T09:00Z&to=1026-11-22T09:00Z",
    "from=2006-11-21T09:00Z&to=2026-11-20T09:00Z",
  ]) {
    assert.deepEqual(read(query), { name: "day" }, query);
  }
});

const written = (query, wanted) => changed(query, range.rangeChanges(wanted));

test("a range that is written is read again, and replaces the one before", () => {
  for (const wanted of [{ name: "hour" }, { name: "day" }, { name: "month" }, OWN]) {
    const query = written("?range=week&from=x&to=y&view=history", wanted);
    assert.deepEqual(read(query), wanted);
    assert.equal(new URLSearchParams(query).get("view"), "history");
  }
});

test("the default range does not stand in the address", () => {
  assert.equal(written("?range=week", range.DEFAULT), "");
});

test("the API gets a name, or two moments in UTC", () => {
  assert.deepEqual(range.rangeQuery({ name: "hour" }), [["range", "hour"]]);
  assert.deepEqual(range.rangeQuery(OWN), [
    ["from", "2026-11-20T09:00:00.000Z"], ["to", "2026-11-21T09:30:00.000Z"],
  ]);
});

test("inputs are in the reader's zone, summer time included", () => {
  assert.equal(range.zone(), "Europe/Berlin");
  assert.equal(range.toInput(FROM_MS), "2026-11-20T10:00");
  assert.equal(range.fromInput("2026-11-20T10:00"), FROM_MS);
  assert.equal(range.fromInput("2026-07-20T10:00"), Date.UTC(2026, 6, 20, 8));
  assert.equal(range.toInput(Date.UTC(2026, 6, 20, 8)), "2026-07-20T10:00");
  for (const text of ["", "2026-11-20", "soon"]) assert.ok(Number.isNaN(range.fromInput(text)), text);
});

test("what is wrong with an own range is said", () => {
  assert.equal(range.ownFault(FROM_MS, TO_MS), "");
  assert.match(range.ownFault(NaN, TO_MS), /begins/);
  assert.match(range.ownFault(FROM_MS, NaN), /ends/);
  assert.match(range.ownFault(TO_MS, FROM_MS), /after the beginning/);
  assert.match(range.ownFault(FROM_MS, FROM_MS), /after the beginning/);
  assert.match(range.ownFault(-1, TO_MS), /1970/);
  assert.match(range.ownFault(0, TO_MS), /10 years/);
});

test("ranges are said in words", () => {
  assert.equal(range.sayRange({ name: "week" }), "the last 7 days");
  assert.equal(range.sayRange(OWN), "20 Nov 2026, 10:00 – 21 Nov 2026, 10:30");
});

test("a range until now becomes an own range that ends with this minute", () => {
  const now_ms = Date.UTC(2026, 10, 22, 10, 30, 20);
  assert.deepEqual(range.asOwn({ name: "hour" }, now_ms), {
    name: "own", from_ms: Date.UTC(2026, 10, 22, 9, 31), to_ms: Date.UTC(2026, 10, 22, 10, 31),
  });
  assert.equal(range.asOwn(OWN, now_ms), OWN);
});
