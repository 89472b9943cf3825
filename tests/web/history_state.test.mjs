import assert from "node:assert/strict";
import { test } from "node:test";
import { changed } from "../../web/static/js/url.js";
import * as state from "../../web/static/js/history/state.js";

const read = (query) => state.readState(new URLSearchParams(query));

test("an empty address is the last day of everything", () => {
  assert.deepEqual(read(""), { range: { name: "day" }, filters: {}, steps: [] });
});

const written = (query, wanted) => changed(query, state.stateChanges(wanted));

test("what is written is read again, and what belongs to others stays", () => {
  const wanted = {
    range: { name: "month" },
    filters: { type: "sign up", device: "mobile", referrer: "https://a.example/?b=c&d", userId: "u,7" },
    steps: ["/", "/pricing", "signup"],
  };
  const query = written("?view=history&country=DE&browser=Lynx&range=hour&steps=a,b", wanted);
  assert.deepEqual(read(query), wanted);
  const params = new URLSearchParams(query);
  assert.deepEqual([params.get("view"), params.get("country"), params.get("browser")], ["history", "DE", null]);
});

test("a state without filters leaves no trace in the address", () => {
  assert.equal(written("?type=a&steps=a,b&from=x", read("")), "");
});

test("texts that the service would refuse are not taken from an address", () => {
  assert.deepEqual(read(`type=${"x".repeat(2001)}`).filters, {});
  assert.deepEqual(read("type=").filters, {});
});

test("a filter is set, replaced and taken away without touching the state before", () => {
  const before = read("type=click&device=mobile");
  assert.deepEqual(state.withFilter(before, "type", "pageview").filters, { type: "pageview", device: "mobile" });
  assert.deepEqual(state.withFilter(before, "type", "").filters, { device: "mobile" });
  assert.deepEqual(before.filters, { type: "click", device: "mobile" });
});

test("active filters are those that have a value, shared ones first", () => {
  const found = state.activeFilters({ country: "DE", page: "", company: "Acme" }, { userId: "u1" });
  assert.deepEqual(found, [
    { name: "country", value: "DE" }, { name: "company", value: "Acme" }, { name: "userId", value: "u1" },
  ]);
  assert.equal(state.filterLabel("userId"), "User");
});
