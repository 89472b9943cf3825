import assert from "node:assert/strict";
import { test } from "node:test";
import { BUILDS, FakePage, FakeStorage } from "./fake_page.mjs";

const MINUTE_MS = 60_000;

for (const build of BUILDS) {
  test(`${build}: a page view is sent without a question before and without credentials`, () => {
    const page = new FakePage({ data: { key: "trk_i_x" } }).load(build);
    const [{ how, to, options, ...event }] = page.sent;
    assert.equal(how, "fetch");
    assert.equal(to, "https://tracker.example/api/events?key=trk_i_x");
    assert.match(event.sessionId, /^[0-9a-f]{32}$/);
    assert.deepEqual(event, { type: "pageview", sessionId: event.sessionId, page: "/", metadata: {} });
    assert.deepEqual(
      { ...options, body: typeof options.body },
      { method: "POST", body: "string", keepalive: true, credentials: "omit", referrerPolicy: "strict-origin" },
    );
  });

  test(`${build}: a whole visit: pages, clicks, staying, leaving, in one session`, () => {
    const page = new FakePage().load(build);
    page.history.pushState(null, "", "/pricing?plan=pro#top");
    page.click({}, { "data-track": "signup" });
    page.time.advance(20_000);
    page.listeners.fire("pagehide");
    assert.deepEqual(page.types, ["pageview", "pageview", "click", "keep_alive", "leave"]);
    assert.equal(new Set(page.sent.map((event) => event.sessionId)).size, 1);
    assert.deepEqual(page.sent[2].metadata, { target: "signup" });
    assert.equal(page.sent.at(-1).how, "beacon");
    assert.equal(page.sent.at(-1).page, "/pricing");
  });

  test(`${build}: S4_11 one global, and none without a way to send`, () => {
    assert.deepEqual(new FakePage().load(build).globals, ["tracker"]);
    assert.deepEqual(new FakePage({ data: { endpoint: "https://" } }).load(build).globals, []);
  });
}

test("S4_11 query and fragment stay at home, those of the referrer too", () => {
  const url = "https://shop.example/reset?token=secret#me";
  const page = new FakePage({ url, referrer: "https://news.example/a?user=smith#x" }).load();
  assert.equal(page.sent[0].page, "/reset");
  assert.deepEqual(page.sent[0].metadata, { referrer: "https://news.example/a" });
  assert.doesNotMatch(JSON.stringify(page.sent), /secret|smith/);
});

test("query and fragment are sent where the tag asks for them", () => {
  const page = new FakePage({ url: "https://shop.example/?q=1#/cart", data: { query: "", hash: "" } }).load();
  page.location.hash = "#/pay";
  page.listeners.fire("popstate");
  assert.deepEqual(page.sent.map((event) => event.page), ["/?q=1#/cart", "/?q=1#/pay"]);
});

test("a page of the same site is no referrer", () => {
  for (const referrer of ["https://shop.example/cart", "https://shop.example", ""]) {
    assert.deepEqual(new FakePage({ referrer }).load().sent[0].metadata, {}, referrer);
  }
  const other = new FakePage({ referrer: "https://shop.example.org/" }).load();
  assert.deepEqual(other.sent[0].metadata, { referrer: "https://shop.example.org/" });
});

test("only a change of the page is a view, whichever way it came", () => {
  const page = new FakePage().load();
  page.history.replaceState(null, "", "/?sort=price");
  page.history.pushState(null, "", "/#more");
  page.listeners.fire("popstate");
  assert.equal(page.sent.length, 1);
  page.history.replaceState(null, "", "/cart");
  page.location.href = "https://shop.example/";
  page.listeners.fire("popstate");
  assert.deepEqual(page.sent.map((event) => event.page), ["/", "/cart", "/"]);
});

test("a click names what was clicked, and only where the page asks", () => {
  const page = new FakePage().load();
  page.click({ id: "plain" });
  page.click({ "data-track": "", id: "buy" });
  page.click({ "data-track": "" });
  assert.deepEqual(page.sent.slice(1).map((event) => event.metadata.target), ["buy", "button"]);
});

test("nobody stays on a page that is out of sight", () => {
  const page = new FakePage().load();
  page.show("hidden");
  page.time.advance(MINUTE_MS);
  assert.deepEqual(page.types, ["pageview"]);
  page.show("visible");
  page.show("hidden");
  page.show("visible");
  assert.deepEqual(page.types, ["pageview", "keep_alive"]);
});

test("a session goes on over page loads, and after 30 minutes of silence it is a new one", () => {
  const session = new FakeStorage();
  const first = new FakePage({ session }).load();
  const second = new FakePage({ session }).load();
  const { sessionId } = first.sent[0];
  assert.equal(second.sent[0].sessionId, sessionId);
  second.show("hidden");
  second.time.advance(31 * MINUTE_MS);
  second.listeners.fire("pagehide");
  assert.deepEqual(second.types, ["pageview"], "who is long gone does not leave");
});

test("who comes back after 30 minutes is a new visit that sees the page", () => {
  const page = new FakePage().load();
  page.show("hidden");
  page.time.advance(31 * MINUTE_MS);
  page.show("visible");
  assert.deepEqual(page.types, ["pageview", "pageview"]);
  assert.notEqual(page.sent[1].sessionId, page.sent[0].sessionId);
});

test("without a storage the session lasts as long as the page", () => {
  const session = new FakeStorage();
  const local = new FakeStorage();
  session.isForbidden = local.isForbidden = true;
  const page = new FakePage({ session, local }).load();
  page.history.pushState(null, "", "/b");
  assert.equal(page.sent.length, 2);
  assert.equal(page.sent[1].sessionId, page.sent[0].sessionId);
});

test("a page that empties its storage does not end the session", () => {
  const page = new FakePage().load();
  page.session.items.clear();
  page.history.pushState(null, "", "/b");
  assert.equal(page.sent[1].sessionId, page.sent[0].sessionId);
});

test("what stands in the storage is taken only when it is a session", () => {
  const session = new FakeStorage();
  for (const found of ["<script>", "a b", `${"a".repeat(32)} x`, `${"a".repeat(32)} 99999999999999`]) {
    session.setItem("tracker-session", found);
    assert.match(new FakePage({ session }).load().sent[0].sessionId, /^[0-9a-f]{32}$/);
    assert.notEqual(new FakePage({ session }).load().sent[0].sessionId, "a".repeat(32));
  }
});

test("S4_11 Do Not Track, GPC and the opt-out are silent and store nothing", () => {
  const local = new FakeStorage();
  local.setItem("tracker-opt-out", "1");
  const refusals = [
    { navigator: { doNotTrack: "1" } },
    { navigator: { doNotTrack: "yes" } },
    { navigator: { globalPrivacyControl: true } },
    { local },
  ];
  for (const refusal of refusals) {
    const page = new FakePage(refusal).load();
    page.history.pushState(null, "", "/b");
    page.click({ "data-track": "a" });
    page.window.tracker("signup");
    page.time.advance(MINUTE_MS);
    page.listeners.fire("pagehide");
    assert.deepEqual(page.sent, [], JSON.stringify(refusal));
    assert.equal(page.session.items.size, 0);
  }
  assert.equal(new FakePage({ navigator: { doNotTrack: "0", globalPrivacyControl: false } }).load().sent.length, 1);
});

test("S4_11 opting out works at once", () => {
  const page = new FakePage().load();
  page.local.setItem("tracker-opt-out", "1");
  page.history.pushState(null, "", "/b");
  assert.equal(page.sent.length, 1);
});

test("S4_11 whatever fails, the page goes on", async () => {
  const page = new FakePage();
  page.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
  page.load();
  page.fetch = () => {
    throw new Error("no fetch here");
  };
  page.history.pushState(null, "", "/b");
  assert.equal(page.location.pathname, "/b");
  const circle = {};
  circle.circle = circle;
  page.window.tracker("signup", circle);
  page.listeners.fire("click", {});
  // A rejection that nobody takes would end this test.
  await new Promise(setImmediate);
  assert.equal(page.sent.length, 2);
});

test("an event of the page's own", () => {
  const page = new FakePage().load();
  page.window.tracker("signup", { plan: "pro" });
  assert.deepEqual([page.sent[1].type, page.sent[1].metadata], ["signup", { plan: "pro" }]);
});

test("the endpoint may have another name, on the script's host or any other", () => {
  const to = (data) => new FakePage({ data, src: "https://shop.example/s/a.js" }).load().sent[0].to;
  assert.equal(to({}), "https://shop.example/api/events");
  assert.equal(to({ endpoint: "/s/b", key: "k&1" }), "https://shop.example/s/b?key=k%261");
  assert.equal(to({ endpoint: "https://t.example/e?site=a", key: "k" }), "https://t.example/e?site=a&key=k");
});

test("the same tag twice counts once, another site's tag counts too", () => {
  const page = new FakePage().load().load();
  assert.equal(page.sent.length, 1);
  page.document.currentScript.dataset.key = "other";
  page.load();
  assert.equal(page.sent.length, 2);
});

test("a name that the page uses is left alone", () => {
  const page = new FakePage();
  page.window.tracker = "mine";
  page.load();
  assert.equal(page.window.tracker, "mine");
  assert.equal(page.sent.length, 1);
});

test("a page that is made ready before somebody sees it is not viewed yet", () => {
  const page = new FakePage({ prerendering: true }).load();
  page.window.tracker("signup");
  assert.equal(page.sent.length, 0);
  page.document.prerendering = false;
  page.listeners.fire("prerenderingchange");
  assert.deepEqual(page.types, ["pageview"]);
});

test("a page out of the browser's memory is viewed again", () => {
  const page = new FakePage().load();
  page.listeners.fire("pageshow", { persisted: false });
  page.listeners.fire("pagehide");
  page.listeners.fire("pageshow", { persisted: true });
  assert.deepEqual(page.types, ["pageview", "leave", "pageview"]);
});

test("a page on somebody's disk and a module tell nothing", () => {
  assert.equal(new FakePage({ url: "file:///home/ada/saved.html" }).load().sent.length, 0);
  const page = new FakePage();
  page.document.currentScript = null;
  assert.equal(page.load().sent.length, 0);
});
