import assert from "node:assert/strict";
import { test } from "node:test";
import { RowOrder } from "../../web/static/js/live/order.js";
import { comparison, DEFAULT_SORTING, sortedBy } from "../../web/static/js/live/sorting.js";

const table = (...ids) => {
  const state = { rows: new Map(), arrivals: 0, snapshots: 1 };
  for (const id of ids) arrive(state, id);
  return state;
};
const arrive = (state, id, fields = {}) => {
  state.arrivals += 1;
  state.rows.set(id, { id, openedAt_ms: state.arrivals, arrival: state.arrivals, company: null, contact: null, ...fields });
};
const wanted = (fields = {}) => ({
  sorting: DEFAULT_SORTING, includes: () => true, isGrouped: false, openGroups: new Set(), ...fields,
});
const ids = ({ items }) => items.map((item) => item.id ?? `${item.name}:${item.ids.length}`);
const company = (name) => ({ company: { guid: name, name, domain: null } });

test("newest visit first, and the id settles a draw", () => {
  const state = table("a", "b");
  arrive(state, "d", { openedAt_ms: 1 });
  arrive(state, "c", { openedAt_ms: 1 });
  assert.deepEqual(ids(new RowOrder().update(state, wanted(), 0, false)), ["b", "a", "c", "d"]);
});

test("sorted once a second at most; who left is gone at once", () => {
  const state = table("a", "b");
  const order = new RowOrder();
  const same = wanted();
  order.update(state, same, 0, false);
  arrive(state, "c");
  state.rows.delete("a");
  assert.deepEqual(ids(order.update(state, same, 999, false)), ["b"]);
  assert.deepEqual(ids(order.update(state, same, 1_000, false)), ["c", "b"]);
});

test("a frozen order lets nobody in and counts who waits, but those who left are gone", () => {
  const state = table("a", "b");
  const order = new RowOrder();
  const same = wanted({ includes: ({ id }) => id !== "x" });
  order.update(state, same, 0, false);
  arrive(state, "c");
  arrive(state, "x");
  state.rows.delete("b");
  const { items, waiting, shown } = order.update(state, same, 60_000, true);
  assert.deepEqual([ids({ items }), waiting, shown], [["a"], 1, 1]);
  order.release();
  assert.deepEqual(ids(order.update(state, same, 60_001, true)), ["c", "a"]);
});

test("another wish, another snapshot or an empty table sorts at once, frozen or not", () => {
  const state = table("a", "b");
  const order = new RowOrder();
  order.update(state, wanted(), 0, true);
  assert.deepEqual(ids(order.update(state, wanted({ includes: ({ id }) => id === "a" }), 1, true)), ["a"]);
  const same = wanted({ includes: ({ id }) => id === "c" });
  assert.deepEqual(ids(order.update(state, same, 2, true)), []);
  arrive(state, "c");
  assert.deepEqual(ids(order.update(state, same, 3, true)), ["c"]);
  const all = wanted();
  order.update(state, all, 4, true);
  arrive(state, "d");
  state.snapshots += 1;
  assert.deepEqual(ids(order.update(state, all, 5, true))[0], "d");
});

test("nothing is made anew while nothing changes", () => {
  const state = table("a", "b");
  const order = new RowOrder();
  const same = wanted();
  const { items } = order.update(state, same, 0, false);
  assert.equal(order.update(state, same, 500, false).items, items);
});

test("groups: most people first, unknown companies last, people only where one is open", () => {
  const state = table();
  arrive(state, "n");
  arrive(state, "z", company("Zeta"));
  arrive(state, "a1", company("Acme"));
  arrive(state, "a2", company("Acme"));
  arrive(state, "b", company("Beta"));
  const closed = new RowOrder().update(state, wanted({ isGrouped: true }), 0, false);
  assert.deepEqual(ids(closed), ["Acme:2", "Beta:1", "Zeta:1", ":1"]);
  assert.equal(closed.shown, 5);
  const open = new RowOrder().update(state, wanted({ isGrouped: true, openGroups: new Set(["Acme"]) }), 0, false);
  assert.deepEqual(ids(open), ["Acme:2", "a2", "a1", "Beta:1", "Zeta:1", ":1"]);
});

test("a column sorts both ways, and whoever has no value is last in both", () => {
  const rows = [["1", "beta"], ["2", "Alpha"], ["3", null], ["4", "gamma"]].map(([id, name]) => ({
    id, openedAt_ms: 0, company: name && { name },
  }));
  const order = (sorting) => rows.toSorted(comparison(sorting)).map(({ id }) => id).join("");
  const byName = sortedBy(DEFAULT_SORTING, "company");
  assert.deepEqual(byName, { key: "company", isDescending: false });
  assert.equal(order(byName), "2143");
  assert.equal(order(sortedBy(byName, "company")), "4123");
  assert.equal(sortedBy(byName, "lastActivityAt").isDescending, true);
});
