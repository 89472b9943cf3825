import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_SHOWN, RowOrder } from "../../web/static/js/order.js";

const table = (...ids) => {
  const state = { rows: new Map(), arrivals: 0, snapshots: 1 };
  for (const id of ids) arrive(state, id);
  return state;
};
const arrive = (state, id, openedAt_ms = state.arrivals) => {
  state.arrivals += 1;
  state.rows.set(id, { id, openedAt_ms, arrival: state.arrivals });
};

test("newest visit first, and the id settles a draw", () => {
  const state = table("a", "b");
  arrive(state, "d", 1);
  arrive(state, "c", 1);
  assert.deepEqual(new RowOrder().update(state, 0, false).ids, ["b", "c", "d", "a"]);
});

test("sorted once a second at most; who left is gone at once", () => {
  const state = table("a", "b");
  const order = new RowOrder();
  order.update(state, 0, false);
  arrive(state, "c");
  state.rows.delete("a");
  assert.deepEqual(order.update(state, 999, false), { ids: ["b"], waiting: 0 });
  assert.deepEqual(order.update(state, 1_000, false).ids, ["c", "b"]);
});

test("frozen: nothing moves, newcomers are counted", () => {
  const state = table("a", "b");
  const order = new RowOrder();
  order.update(state, 0, false);
  arrive(state, "c");
  arrive(state, "d");
  state.rows.delete("d");
  assert.deepEqual(order.update(state, 60_000, true), { ids: ["b", "a"], waiting: 1 });
  order.release();
  assert.deepEqual(order.update(state, 60_001, true), { ids: ["c", "b", "a"], waiting: 0 });
});

test("frozen, a new snapshot is shown all the same, and so is the first visitor", () => {
  const state = table("a");
  const order = new RowOrder();
  order.update(state, 0, true);
  state.snapshots += 1;
  arrive(state, "b");
  assert.deepEqual(order.update(state, 10, true).ids, ["b", "a"]);
  state.rows.clear();
  order.update(state, 20, true);
  arrive(state, "c");
  assert.deepEqual(order.update(state, 30, true).ids, ["c"]);
});

test("no more rows than the page can carry", () => {
  const state = table(...Array.from({ length: 5_000 }, (_, n) => `s${n}`));
  const { ids } = new RowOrder().update(state, 0, false);
  assert.equal(ids.length, MAX_SHOWN);
  assert.equal(ids[0], "s4999");
});
