import assert from "node:assert/strict";
import { test } from "node:test";
import { stripOf } from "../../web/static/js/strip.js";

const at_ms = new Date(2026, 10, 22, 14, 3, 22).getTime();
const feed = (status) => ({ snapshots: 1, upstream: { status, since_ms: at_ms } });
const connected = { status: "connected", isStale: false };
const strip = (state, connection, asOf_ms) => stripOf({ state, ...connection, asOf_ms });

test("a feed that is down says since when", () => {
  const { level, title } = strip(feed("down"), connected, at_ms);
  assert.deepEqual([level, title], ["warn", "Session feed down since 14:03."]);
});

test("a lost connection is worse news than the feed, and says how old the figures are", () => {
  const said = strip(feed("down"), { status: "disconnected", isStale: false }, at_ms);
  assert.equal(said.level, "bad");
  assert.match(said.detail, /as of 14:03:22/);
  assert.equal(said.mayRetry, true);
});

test("nothing is claimed before the first data", () => {
  const said = strip({ snapshots: 0, upstream: null }, { status: "disconnected", isStale: false }, NaN);
  assert.match(said.detail, /^Still trying/);
  assert.equal(strip({ snapshots: 0, upstream: null }, connected, NaN).title, "Connecting to the service");
});

test("quiet when all is well, and when there is no feed at all", () => {
  assert.equal(strip(feed("connected"), connected, at_ms).level, "quiet");
  assert.equal(strip({ snapshots: 1, upstream: null }, connected, at_ms).level, "quiet");
  assert.equal(strip(feed("connected"), { status: "connected", isStale: true }, at_ms).level, "warn");
});
