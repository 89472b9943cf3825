// Which rows the table shows, in which order: sorted at most once a second, left alone while
// someone points at them, has the focus in them or has scrolled. No DOM, no clock.

import { byCompany } from "./grouping.js";
import { comparison } from "./sorting.js";

export const SORT_EVERY_MS = 1_000;

/**
 * @typedef {object} Wanted
 * @property {Sorting} sorting
 * @property {(row: VisitorRow) => boolean} includes
 * @property {boolean} isGrouped
 * @property {ReadonlySet<string>} openGroups keys of the groups whose people are shown
 */

export class RowOrder {
  /** @type {string[]} */
  #ids = [];
  #sortedAt_ms = -Infinity;
  #sortedArrivals = 0;
  #snapshots = 0;
  /** @type {Wanted | null} */
  #wanted = null;
  /** @type {TableItem[] | null} made anew only when something was sorted or left */
  #items = null;

  /** Sort at the next call, whatever the pointer does. */
  release() {
    this.#sortedAt_ms = -Infinity;
    this.#wanted = null;
  }

  /**
   * What to show, how many visitors that is, and how many newcomers wait because the order is
   * frozen. A visitor who left is gone at once, frozen or not. Another `wanted` object sorts anew.
   * @param {Pick<import("../state.js").State, "rows" | "arrivals" | "snapshots">} state
   * @param {Wanted} wanted
   * @param {number} local_ms
   * @param {boolean} isFrozen
   * @returns {{items: TableItem[], shown: number, waiting: number}}
   */
  update(state, wanted, local_ms, isFrozen) {
    this.#dropGone(state);
    const isSame = wanted === this.#wanted && state.snapshots === this.#snapshots && this.#ids.length > 0;
    let waiting = 0;
    if (isSame && isFrozen) waiting = this.#newcomers(state, wanted);
    else if (!isSame || local_ms - this.#sortedAt_ms >= SORT_EVERY_MS) this.#sort(state, wanted, local_ms);
    this.#items ??= this.#list(state, wanted);
    return { items: this.#items, shown: this.#ids.length, waiting };
  }

  /** @param {Pick<import("../state.js").State, "rows">} state */
  #dropGone(state) {
    if (this.#ids.every((id) => state.rows.has(id))) return;
    this.#ids = this.#ids.filter((id) => state.rows.has(id));
    this.#items = null;
  }

  /** @param {Pick<import("../state.js").State, "rows" | "arrivals" | "snapshots">} state @param {Wanted} wanted @param {number} local_ms */
  #sort(state, wanted, local_ms) {
    const rows = [...state.rows.values()].filter(wanted.includes).sort(comparison(wanted.sorting));
    this.#ids = rows.map((row) => row.id);
    this.#sortedAt_ms = local_ms;
    this.#sortedArrivals = state.arrivals;
    this.#snapshots = state.snapshots;
    this.#wanted = wanted;
    this.#items = null;
  }

  /** @param {Pick<import("../state.js").State, "rows">} state @param {Wanted} wanted */
  #newcomers(state, wanted) {
    let waiting = 0;
    for (const row of state.rows.values()) {
      if (row.arrival > this.#sortedArrivals && wanted.includes(row)) waiting += 1;
    }
    return waiting;
  }

  /** @param {Pick<import("../state.js").State, "rows">} state @param {Wanted} wanted @returns {TableItem[]} */
  #list(state, wanted) {
    if (!wanted.isGrouped) return this.#ids.map((id) => ({ kind: "row", id }));
    const rows = this.#ids.flatMap((id) => state.rows.get(id) ?? []);
    return byCompany(rows).flatMap((group) => {
      const isOpen = wanted.openGroups.has(group.key);
      /** @type {GroupItem} */
      const head = { kind: "group", ...group, isOpen };
      /** @type {RowItem[]} */
      const people = isOpen ? group.ids.map((id) => ({ kind: "row", id })) : [];
      return [head, ...people];
    });
  }
}

