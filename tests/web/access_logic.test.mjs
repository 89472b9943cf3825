import assert from "node:assert/strict";
import { test } from "node:test";
import { FirstEvent } from "../../web/static/js/access/first-event.js";
import { choicesOf, meOf, mustLogIn, pagesOf, setupTokenOf } from "../../web/static/js/access/me.js";
import {
  originFault, originsOf, pageKeyFault, passwordFault, problemOf, scopesText, snippetOf,
} from "../../web/static/js/access/texts.js";

const KEY = `trk_i_${"a".repeat(8)}_${"b".repeat(32)}`;
const ANN = { email: "ann@shop.example", isOperator: false };
const SITES = [{ id: "default", name: "default" }, { id: "shop", name: "The shop" }];

function me(changes = {}) {
  return meOf({ mode: "required", needsSetup: false, user: ANN, site: "default", sites: SITES, may: ["read"], ...changes });
}

const ids = (pages) => pages.map(({ id }) => id);

test("a login is wanted only where one is required and there is none", () => {
  assert.equal(mustLogIn(me()), false);
  assert.equal(mustLogIn(me({ user: null })), true);
  assert.equal(mustLogIn(me({ mode: "open", user: null })), false);
});

test("whatever the service says of the reader is taken without a fault", () => {
  for (const data of [null, {}, { sites: "x", may: null, user: undefined }, { mode: "new" }]) {
    assert.equal(meOf(data).mode, "open");
    assert.equal(meOf(data).site, "default");
    assert.deepEqual(ids(pagesOf(meOf(data))), ["snippet"]);
  }
});

test("the settings have the pages that the reader can use", () => {
  assert.deepEqual(ids(pagesOf(me())), ["snippet", "account"]);
  assert.deepEqual(ids(pagesOf(me({ may: ["read", "admin"] }))), ["snippet", "keys", "webhooks", "watches", "users", "account"]);
  const everything = ["ingest", "read", "admin", "operate"];
  assert.deepEqual(ids(pagesOf(me({ mode: "open", user: null, may: everything }))), ["snippet", "webhooks", "watches"]);
});

test("sites are offered where there is a choice, the one on the page always", () => {
  assert.deepEqual(choicesOf(me(), "shop"), SITES);
  assert.deepEqual(ids(choicesOf(me(), "other")), ["other", "default", "shop"]);
  assert.deepEqual(choicesOf(me({ sites: SITES.slice(1) }), "shop"), []);
  assert.deepEqual(choicesOf(me({ mode: "open", user: null }), "shop"), []);
});

test("a setup link is told by its fragment", () => {
  assert.equal(setupTokenOf("#setup=aB3-_x"), "aB3-_x");
  for (const hash of ["", "#", "#setup=", "#main", "#setup=a b", `#setup=${"x".repeat(201)}`]) {
    assert.equal(setupTokenOf(hash), null);
  }
});

test("origins are taken as people write them", () => {
  assert.deepEqual(originsOf(" https://a.example,\nhttp://b:80  https://a.example "), ["https://a.example", "http://b:80"]);
  assert.equal(originFault(["https://a.example", "http://localhost:8000/"]), "");
  for (const wrong of ["a.example", "https://a.example/path", "ftp://a", "https://u@a", "https://"]) {
    assert.match(originFault(["https://a.example", wrong]), /is no origin/);
  }
});

test("a password is long enough and typed twice", () => {
  assert.equal(passwordFault("12345678", "12345678"), "");
  assert.match(passwordFault("1234567", "1234567"), /At least 8/);
  assert.match(passwordFault("x".repeat(257), "x".repeat(257)), /At most 256/);
  assert.match(passwordFault("12345678", "1234567"), /not the same/);
});

test("only a key that can do nothing but ingest may go into a page", () => {
  assert.equal(pageKeyFault(KEY), "");
  for (const letter of ["r", "a"]) assert.match(pageKeyFault(KEY.replace("trk_i", `trk_${letter}`)), /never/);
  for (const wrong of ["x", "trk_i_aaaaaaaa", `${KEY}"`, `${KEY}<`]) assert.match(pageKeyFault(wrong), /no key/);
});

test("the line for pages names the service and the key", () => {
  assert.equal(
    snippetOf("https://v.example", KEY),
    `<script defer src="https://v.example/tracker.js" data-key="${KEY}"></script>`,
  );
  assert.equal(snippetOf("https://v.example", ""), '<script defer src="https://v.example/tracker.js"></script>');
});

test("what a key may do reads as a sentence, the most harmless first", () => {
  assert.equal(scopesText(["admin", "ingest"]), "Send events, administer");
  assert.equal(scopesText([]), "");
});

test("a problem says what and how long to wait", () => {
  const error = Object.assign(new Error("Too many attempts"), { retryAfter_s: 30, fields: [{ field: "email", message: "x" }] });
  assert.deepEqual(problemOf(error), { message: "Too many attempts. Wait 30 seconds.", fields: { email: "X" } });
  assert.equal(problemOf(Object.assign(new Error("No."), { retryAfter_s: 200 })).message, "No. Wait 4 minutes.");
  assert.equal(problemOf(undefined).message, "It did not work.");
  const full = Object.assign(new Error("No room"), { fields: [{ field: "body", message: "a site has at most 50 keys" }] });
  assert.equal(problemOf(full).message, "No room. A site has at most 50 keys.");
});

test("the whole is not said once more beside a field that shows what is wrong with it", () => {
  const error = Object.assign(new Error("Not valid"), { fields: [{ field: "url", message: "is required" }, { field: "name", message: "x" }] });
  assert.deepEqual(problemOf(error, ["name", "url"]), { message: "", fields: { url: "Is required", name: "X" } });
  assert.equal(problemOf(error, ["name"]).message, "Not valid. Url: is required.", "what no field shows is told");
  error.fields[1].field = "body";
  assert.equal(problemOf(error, ["name", "url"]).message, "Not valid. X.");
});

const event = (id, more = {}) => ({ id, type: "pageview", sessionId: "s", at_ms: 1, page: "/", ...more });

test("the first event is one that was not there before", () => {
  const check = new FirstEvent();
  check.look({ snapshots: 0, events: [] });
  check.look({ snapshots: 1, events: [event("b"), event("a")] });
  assert.equal(check.before?.id, "b");
  assert.equal(check.seen, null);
  // A new snapshot repeats what was known.
  check.look({ snapshots: 2, events: [event("b"), event("a")] });
  assert.equal(check.seen, null);
  check.look({ snapshots: 2, events: [event("d"), event("c"), event("b")] });
  assert.equal(check.seen?.id, "c");
  check.look({ snapshots: 2, events: [event("e"), event("d")] });
  assert.equal(check.seen?.id, "c");
});

test("the first event of a site that never had one", () => {
  const check = new FirstEvent();
  check.look({ snapshots: 1, events: [] });
  assert.equal(check.before, null);
  check.look({ snapshots: 1, events: [event(null, { at_ms: 7 })] });
  assert.equal(check.seen?.at_ms, 7);
});
