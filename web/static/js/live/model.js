// What the live view shows, out of the frame of the moment and what the reader asked for.

import { computed, effect, signal, untracked } from "../vendor/vendor.js";
import { filter, isFiltered } from "../filters.js";
import { country } from "../format.js";
import { grouped } from "../prefs.js";
import { filteredFigures, siteFigures } from "./figures.js";
import { counted } from "./grouping.js";
import { isSameFilter, matches, matchesEvent, searchFor } from "./narrowing.js";
import { RowOrder } from "./order.js";
import { DEFAULT_SORTING } from "./sorting.js";

const ASK_AGAIN_MS = 5_000;
const COUNT_EVERY_MS = 1_000;
const MAX_FEED = 50;

export class LiveModel {
  query = signal("");
  sorting = signal(DEFAULT_SORTING);
  /** @type {import("../vendor/vendor.js").Signal<ReadonlySet<string>>} */
  openGroups = signal(new Set());
  /** Whether somebody reads the table closely right now; the table itself knows. */
  isFrozen = () => false;
  #service;
  #order = new RowOrder();

  /** @param {import("../service.js").Service} service */
  constructor(service) {
    this.#service = service;
    const { frame } = service;

    /** @type {import("../vendor/vendor.js").ReadonlySignal<import("./order.js").Wanted>} */
    this.wanted = computed(() => {
      const isFound = searchFor(this.query.value, country);
      const wanted = filter.value;
      const isAll = !isFiltered.value;
      return {
        sorting: this.sorting.value,
        includes: (row) => (isAll || matches(wanted, row)) && (isFound === null || isFound(row)),
        isGrouped: grouped.value,
        openGroups: this.openGroups.value,
      };
    });

    this.table = computed(() => {
      const { state, local_ms } = frame.value;
      return this.#order.update(state, this.wanted.value, local_ms, this.isFrozen());
    });

    const second = computed(() => Math.floor(frame.value.local_ms / COUNT_EVERY_MS));
    const snapshots = computed(() => frame.value.state.snapshots);

    /** Everyone whom the filters leave, whatever is searched; once a second. */
    this.matching = computed(() => {
      void second.value;
      void snapshots.value;
      const rows = [...service.state.rows.values()];
      return isFiltered.value ? rows.filter((row) => matches(filter.value, row)) : rows;
    });

    this.counts = computed(() => ({
      country: counted(this.matching.value, (row) => row.country),
      page: counted(this.matching.value, (row) => row.page),
      company: counted(this.matching.value, (row) => row.company?.name),
    }));

    this.figures = computed(() =>
      isFiltered.value ? filteredFigures(frame.value, filter.value, this.matching.value) : siteFigures(frame.value),
    );
  }

  /** Sort now, whatever the pointer does: the reader wants to see the newcomers. */
  release() {
    this.#order.release();
    this.#service.draw();
  }

  /**
   * Keep asking the service for the figures of the filter. Returns what ends it.
   * @returns {() => void}
   */
  follow() {
    const service = this.#service;
    const ask = () => {
      if (isFiltered.peek()) service.send({ type: "request_detailed_stats", filter: given(filter.peek()) });
    };
    let isFirst = true;
    const stop = effect(() => {
      const names = Object.keys(given(filter.value));
      untracked(() => {
        if (!isFirst) service.track("filter", { by: names });
        isFirst = false;
        ask();
        service.draw();
      });
    });
    const timer = setInterval(() => document.hidden || ask(), ASK_AGAIN_MS);
    service.onConnect.push(ask);
    return () => {
      stop();
      clearInterval(timer);
      service.onConnect.splice(service.onConnect.indexOf(ask), 1);
    };
  }

  /** Newest first, as far as the filters let them through. @returns {FeedEvent[]} */
  feed() {
    const { state } = this.#service.frame.value;
    if (!isFiltered.value) return state.events.slice(0, MAX_FEED);
    const wanted = filter.value;
    const own = state.events.filter((event) => matchesEvent(wanted, event, rowOf(state, event)));
    const answer = state.detailed && isSameFilter(state.detailed.filter, wanted) ? state.detailed.events : [];
    const known = new Set(own.map((event) => event.id));
    return [...own, ...answer.filter((event) => !known.has(event.id))].slice(0, MAX_FEED);
  }
}

/** @param {import("../state.js").State} state @param {FeedEvent} event */
function rowOf(state, event) {
  return event.sessionId === null ? undefined : state.rows.get(event.sessionId);
}

/** @param {Filter} wanted */
function given(wanted) {
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== null));
}
