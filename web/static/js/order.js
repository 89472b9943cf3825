// Which rows the table shows, in which order: sorted at most once a second, left alone
// while someone points at them. No DOM, no clock.

export const MAX_SHOWN = 200;
const SORT_EVERY_MS = 1000;

/** Newest visit first; the id settles a draw, so that rows do not change places at random. */
export function byOpening(a, b) {
  const difference = (b.openedAt_ms || 0) - (a.openedAt_ms || 0);
  if (difference !== 0) return difference;
  return a.id < b.id ? -1 : 1;
}

export class RowOrder {
  #ids = [];
  #sortedAt_ms = -Infinity;
  #sortedArrivals = 0;
  #snapshots = 0;

  /** Sort at the next call, whatever the pointer does. */
  release() {
    this.#sortedAt_ms = -Infinity;
    this.#ids = [];
  }

  /**
   * Return the session ids to show and how many newcomers wait because the order is frozen.
   * A visitor who left is gone at once, frozen or not.
   */
  update(state, local_ms, isFrozen) {
    const isNewSnapshot = state.snapshots !== this.#snapshots;
    this.#ids = this.#ids.filter((id) => state.rows.has(id));
    const mayRest = this.#ids.length > 0 && !isNewSnapshot;
    if (mayRest && isFrozen) return { ids: this.#ids, waiting: this.#newcomers(state) };
    if (mayRest && local_ms - this.#sortedAt_ms < SORT_EVERY_MS) return { ids: this.#ids, waiting: 0 };
    const sorted = [...state.rows.values()].sort(byOpening);
    this.#ids = sorted.slice(0, MAX_SHOWN).map((row) => row.id);
    this.#sortedAt_ms = local_ms;
    this.#sortedArrivals = state.arrivals;
    this.#snapshots = state.snapshots;
    return { ids: this.#ids, waiting: 0 };
  }

  #newcomers(state) {
    let waiting = 0;
    for (const row of state.rows.values()) if (row.arrival > this.#sortedArrivals) waiting += 1;
    return waiting;
  }
}
