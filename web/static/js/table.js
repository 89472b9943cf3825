// The visitor table.

import { byId, setText, show } from "./dom.js";
import { count } from "./format.js";
import { MAX_SHOWN, RowOrder } from "./order.js";
import { VisitorElement } from "./visitor.js";

// A pointer that was left lying on the table must not stop it for good.
const POINTER_RESTS_AFTER_MS = 15_000;

export class VisitorTable {
  #body = byId("rows");
  #loading = byId("loading");
  #empty = byId("empty");
  #more = byId("more");
  #newcomers = byId("newcomers");
  #order = new RowOrder();
  #elements = new Map();
  #snapshots = 0;
  #isPointed = false;
  #pointedAt_ms = 0;

  /** `onChange` is called when the reader did something that needs a new drawing. */
  constructor(now_ms, onChange) {
    const point = () => {
      this.#isPointed = true;
      this.#pointedAt_ms = now_ms();
    };
    const scroller = byId("scroller");
    scroller.addEventListener("pointerenter", point);
    scroller.addEventListener("pointermove", point);
    scroller.addEventListener("pointerleave", () => {
      this.#isPointed = false;
      onChange();
    });
    this.#newcomers.addEventListener("click", () => {
      this.#order.release();
      scroller.scrollTop = 0;
      onChange();
    });
  }

  render(state, view) {
    const isLoading = state.snapshots === 0;
    show(this.#loading, isLoading);
    if (isLoading) return;
    const isFrozen = this.#isPointed && view.local_ms - this.#pointedAt_ms < POINTER_RESTS_AFTER_MS;
    const { ids, waiting } = this.#order.update(state, view.local_ms, isFrozen);
    this.#dropGone(new Set(ids));
    this.#place(ids, state, view.now_ms);
    this.#snapshots = state.snapshots;
    show(this.#empty, ids.length === 0);
    this.#sayMore(state, ids.length);
    show(this.#newcomers, waiting > 0);
    if (waiting > 0) setText(this.#newcomers, `Show ${count(waiting)} new`);
  }

  #dropGone(shown) {
    for (const [id, { element }] of this.#elements) {
      if (shown.has(id)) continue;
      element.remove();
      this.#elements.delete(id);
    }
  }

  // Rows that are in their place already are not touched.
  #place(ids, state, now_ms) {
    const isRefill = this.#snapshots !== state.snapshots;
    let next = this.#body.firstChild;
    for (const id of ids) {
      let visitor = this.#elements.get(id);
      if (visitor === undefined) {
        visitor = new VisitorElement(!isRefill);
        this.#elements.set(id, visitor);
      }
      visitor.update(state.rows.get(id), now_ms);
      if (visitor.element === next) next = next.nextSibling;
      else this.#body.insertBefore(visitor.element, next);
    }
  }

  #sayMore(state, shown) {
    const known = state.rows.size;
    const total = state.isPartial ? Math.max(known, state.totalActive ?? 0) : known;
    const more = shown < MAX_SHOWN ? 0 : total - shown;
    show(this.#more, more > 0);
    if (more > 0) setText(this.#more, `and ${count(more)} more`);
  }
}
