import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "Europe/Berlin";
const { Requests } = await import("../../web/static/js/history/requests.js");

const NOW_MS = Date.UTC(2026, 10, 22, 10, 30, 20);

function requests(changes = {}) {
  const state = { range: { name: "week" }, filters: {}, steps: [], ...changes.state };
  return new Requests({ site: "", zone: "Europe/Berlin", shared: {}, ...changes, state });
}

function parts(address) {
  const url = new URL(address, "http://service.example");
  return [url.pathname, Object.fromEntries(url.searchParams)];
}

test("every question carries the range and all filters", () => {
  const asked = requests({
    site: "shop",
    shared: { country: "DE", page: "/a b&c", company: "" },
    state: { filters: { device: "mobile" } },
  });
  const common = { range: "week", country: "DE", page: "/a b&c", device: "mobile", site: "shop" };
  assert.deepEqual(parts(asked.totals()), ["/api/analytics/totals", common]);
  assert.deepEqual(parts(asked.timeseries()), [
    "/api/analytics/timeseries", { ...common, timezone: "Europe/Berlin" },
  ]);
  assert.deepEqual(parts(asked.top("page")), ["/api/analytics/top/page", { ...common, limit: "5" }]);
  assert.deepEqual(parts(asked.events()), ["/api/analytics/events", { ...common, limit: "20" }]);
  assert.deepEqual(parts(asked.events("abc"))[1].cursor, "abc");
  assert.deepEqual(parts(asked.download("csv")), ["/api/analytics/export", { ...common, format: "csv" }]);
});

test("an own range goes out as two moments", () => {
  const range = { name: "own", from_ms: Date.UTC(2026, 0, 1), to_ms: Date.UTC(2026, 0, 2) };
  assert.deepEqual(parts(requests({ state: { range } }).totals())[1], {
    from: "2026-01-01T00:00:00.000Z", to: "2026-01-02T00:00:00.000Z",
  });
});

test("a funnel is not narrowed to the type or page of one of its steps", () => {
  const asked = requests({
    shared: { page: "/pricing", country: "DE" },
    state: { filters: { type: "click" }, steps: ["/", "/pricing"] },
  });
  assert.deepEqual(parts(asked.funnel()), [
    "/api/analytics/funnel", { range: "week", country: "DE", steps: "/,/pricing" },
  ]);
});

test("retention looks at eight weeks from a Monday to the end of the range, never into the future", () => {
  const weeks = (range) => parts(requests({ state: { range } }).retention(NOW_MS))[1];
  assert.deepEqual(weeks({ name: "hour" }), {
    from: "2026-09-27T22:00:00.000Z", to: "2026-11-22T10:31:00.000Z", timezone: "Europe/Berlin",
  });
  const past = { name: "own", from_ms: Date.UTC(2026, 4, 1), to_ms: Date.UTC(2026, 4, 2) };
  assert.deepEqual([weeks(past).from, weeks(past).to], ["2026-03-08T23:00:00.000Z", "2026-05-02T00:00:00.000Z"]);
  const future = { name: "own", from_ms: Date.UTC(2026, 4, 1), to_ms: Date.UTC(2036, 4, 2) };
  assert.equal(weeks(future).to, "2026-11-22T10:31:00.000Z");
});

test("a user is told of without the filters", () => {
  const asked = requests({ shared: { country: "DE" }, state: { filters: { type: "click" } } });
  assert.deepEqual(parts(asked.user("u&7")), ["/api/analytics/user-stats", { userId: "u&7" }]);
});
