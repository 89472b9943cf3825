import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeTime } from "./fake_time.mjs";
import { Refresh } from "../../web/static/js/history/refresh.js";
import { Resource } from "../../web/static/js/history/resource.js";

/** A service that answers when the test says so. */
class Service {
  asked = [];

  ask = (address, signal) => {
    const { promise, resolve, reject } = withResolvers();
    this.asked.push({ address, signal, answer: resolve, fail: (text) => reject(new Error(text)) });
    return promise;
  };

  get last() {
    return this.asked.at(-1);
  }
}

function withResolvers() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

function started() {
  const service = new Service();
  const told = [];
  return { service, told, resource: new Resource(service.ask, (known) => told.push(known)) };
}

test("an answer is told, and loading before it", async () => {
  const { service, told, resource } = started();
  const loaded = resource.load("/a");
  assert.deepEqual(told.at(-1), { data: null, key: null, error: "", isLoading: true, isStale: false });
  service.last.answer({ n: 1 });
  await loaded;
  assert.deepEqual(told.at(-1), { data: { n: 1 }, key: "/a", error: "", isLoading: false, isStale: false });
});

test("another question cancels the one before, whose answer is never shown", async () => {
  const { service, resource } = started();
  const first = resource.load("/a");
  const old = service.last;
  const second = resource.load("/b");
  assert.ok(old.signal.aborted);
  service.last.answer("b");
  await second;
  old.answer("a");
  await first;
  assert.equal(resource.known.data, "b");
});

test("a cancelled question that fails late is no error of the new one", async () => {
  const { service, resource } = started();
  const first = resource.load("/a");
  const old = service.last;
  const second = resource.load("/b");
  old.fail("aborted");
  await first;
  assert.deepEqual([resource.known.error, resource.known.isLoading], ["", true]);
  service.last.answer("b");
  await second;
});

test("a slow answer is waited for, not asked for again", async () => {
  const { service, resource } = started();
  const loaded = resource.load("/a?now=1", "a");
  await resource.load("/a?now=2", "a");
  assert.equal(service.asked.length, 1);
  assert.ok(!service.last.signal.aborted);
  service.last.answer("a");
  await loaded;
});

test("old data are stale while another question runs, and right while the same does", async () => {
  const { service, told, resource } = started();
  const first = resource.load("/a");
  service.last.answer("a");
  await first;
  const again = resource.load("/a");
  assert.deepEqual([told.at(-1).data, told.at(-1).isStale], ["a", false]);
  service.last.answer("a2");
  await again;
  const other = resource.load("/b");
  assert.deepEqual([told.at(-1).data, told.at(-1).isStale], ["a2", true]);
  service.last.answer("b");
  await other;
  assert.deepEqual([told.at(-1).data, told.at(-1).isStale], ["b", false]);
});

test("a refresh that fails keeps the data and says so; the next that succeeds says it no more", async () => {
  const { service, resource } = started();
  const first = resource.load("/a");
  service.last.answer("a");
  await first;
  const second = resource.load("/a");
  service.last.fail("away");
  await second;
  assert.deepEqual([resource.known.data, resource.known.error], ["a", "away"]);
  const third = resource.load("/a");
  assert.equal(resource.known.error, "away");
  service.last.answer("a3");
  await third;
  assert.deepEqual([resource.known.data, resource.known.error], ["a3", ""]);
});

test("another question that fails does not leave the old answer under its name", async () => {
  const { service, resource } = started();
  const first = resource.load("/a");
  service.last.answer("a");
  await first;
  const second = resource.load("/b");
  service.last.fail("away");
  await second;
  assert.deepEqual(resource.known, { data: null, key: null, error: "away", isLoading: false, isStale: false });
});

test("after stop nothing is told", async () => {
  const { service, told, resource } = started();
  const loaded = resource.load("/a");
  resource.stop();
  assert.ok(service.last.signal.aborted);
  const before = told.length;
  service.last.answer("a");
  await loaded;
  assert.equal(told.length, before);
});

function refreshing() {
  const time = new FakeTime();
  const page = {
    isHiddenNow: false,
    now_ms: () => time.now_ms,
    isHidden: () => page.isHiddenNow,
    later: (callback, delay_ms) => time.later(callback, delay_ms),
    cancel: (handle) => time.cancel(handle),
  };
  const asked = [];
  return { time, page, asked, refresh: new Refresh(() => asked.push(time.now_ms), page, 10_000) };
}

test("asks at once and every ten seconds", () => {
  const { time, asked, refresh } = refreshing();
  refresh.now();
  time.advance(25_000);
  assert.deepEqual(asked, [0, 10_000, 20_000]);
});

test("asking now moves the next time", () => {
  const { time, asked, refresh } = refreshing();
  refresh.now();
  time.advance(4_000);
  refresh.now();
  time.advance(10_000);
  assert.deepEqual(asked, [0, 4_000, 14_000]);
});

test("asks nothing out of sight, and at once when it comes back late", () => {
  const { time, page, asked, refresh } = refreshing();
  refresh.now();
  page.isHiddenNow = true;
  refresh.seen();
  time.advance(60_000);
  refresh.now();
  assert.deepEqual(asked, [0]);
  page.isHiddenNow = false;
  refresh.seen();
  time.advance(0);
  assert.deepEqual(asked, [0, 60_000]);
});

test("a short look away asks no sooner than usual", () => {
  const { time, page, asked, refresh } = refreshing();
  refresh.now();
  time.advance(2_000);
  page.isHiddenNow = true;
  refresh.seen();
  time.advance(1_000);
  page.isHiddenNow = false;
  refresh.seen();
  time.advance(7_000);
  assert.deepEqual(asked, [0, 10_000]);
});

test("stops for good", () => {
  const { time, asked, refresh } = refreshing();
  refresh.now();
  refresh.stop();
  time.advance(60_000);
  assert.deepEqual(asked, [0]);
});
