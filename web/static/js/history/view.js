// The history: what was, for a time and filters that stand in the address.

import { setFilter } from "../filters.js";
import { hourMinuteSecond } from "../format.js";
import { go, search } from "../router.js";
import { html, useEffect, useMemo, useRef, useState } from "../vendor/vendor.js";
import { useAnswer } from "./answer.js";
import { DIMENSIONS } from "./bars.js";
import { Chips } from "./chips.js";
import { EventsPanel } from "./events-panel.js";
import { FunnelPanel } from "./funnel-panel.js";
import { OWN, isOwn, zone } from "./range.js";
import { OwnRangeForm, RangeChooser } from "./range-chooser.js";
import { Refresh } from "./refresh.js";
import { Requests } from "./requests.js";
import { RetentionPanel } from "./retention-panel.js";
import { SHARED_FILTERS, activeFilters, readState, stateChanges, withFilter } from "./state.js";
import { TimelinePanel } from "./timeline-panel.js";
import { TopPanel } from "./top-panel.js";
import { TotalsPanel } from "./totals-panel.js";
import { UserDialog } from "./user-dialog.js";

const MAX_SEEN = 50;

/**
 * What panels ask, and when: a new `beat` is the time to ask again, 0 is not yet.
 * @typedef {{requests: Requests, beat: number, now_ms: number}} Asks
 */

/**
 * @param {{
 *   filters: Record<"country" | "page" | "company", import("../vendor/vendor.js").Signal<string | null>>,
 *   site: string | null,
 * }} props
 */
export default function HistoryView({ filters, site }) {
  const query = search.value;
  const state = useMemo(() => readState(new URLSearchParams(query)), [query]);
  const shared = { country: filters.country.value, page: filters.page.value, company: filters.company.value };
  const requests = new Requests({ site, zone: zone(), shared, state });
  const asks = { requests, ...useBeat() };
  const totals = useAnswer(requests.totals(), asks.beat);
  const [userId, setUserId] = useState("");
  const active = activeFilters(shared, state.filters);
  /** @type {(name: string) => string} */
  const valueOf = (name) => active.find((filter) => filter.name === name)?.value ?? "";

  /** @type {(changed: import("./state.js").HistoryState) => void} */
  const show = (changed) => go(stateChanges(changed));
  /** @type {(name: string, value: string) => void} */
  const narrow = (name, value) => {
    if (SHARED_FILTERS.includes(name)) setFilter(/** @type {FilterName} */ (name), value || null);
    else show(withFilter(state, name, value));
  };
  // In one step, so that one step back undoes it.
  const clear = () => go({ ...stateChanges({ ...state, filters: {} }), country: null, page: null, company: null });
  const tops = DIMENSIONS.map(({ name }) => useAnswer(requests.top(name), asks.beat));

  return html`
    <div class="history">
      <div class="history-tools">
        <${RangeChooser} range=${state.range} onChange=${(/** @type {any} */ range) => show({ ...state, range })} />
        <${Fresh} answer=${totals} />
        <${Downloads} requests=${requests} />
        ${isOwn(state.range) &&
        html`<${OwnRangeForm}
          key=${`${state.range.from_ms} ${state.range.to_ms}`}
          range=${state.range}
          onChange=${(/** @type {any} */ range) => show({ ...state, range })}
        />`}
        ${active.length > 0 &&
        html`<${Chips} filters=${active} onRemove=${(/** @type {string} */ name) => narrow(name, "")} onClear=${clear} />`}
      </div>
      <${TotalsPanel} answer=${totals} />
      <${TimelinePanel}
        asks=${asks}
        onRange=${(/** @type {number} */ from_ms, /** @type {number} */ to_ms) => show({ ...state, range: { name: OWN, from_ms, to_ms } })}
      />
      <div class="history-tops">
        ${DIMENSIONS.map(
          (dimension, place) => html`
            <${TopPanel} key=${dimension.name} dimension=${dimension} answer=${tops[place]} active=${valueOf(dimension.name)} onNarrow=${narrow} />
          `,
        )}
      </div>
      <div class="history-pair">
        <${FunnelPanel}
          asks=${asks}
          steps=${state.steps}
          known=${useSeen(tops)}
          isNarrowed=${valueOf("type") !== "" || valueOf("page") !== ""}
          onSteps=${(/** @type {string[]} */ steps) => show({ ...state, steps })}
        />
        <${RetentionPanel} asks=${asks} />
      </div>
      <${EventsPanel} asks=${asks} onUser=${setUserId} />
      ${userId &&
      html`<${UserDialog}
        userId=${userId}
        asks=${asks}
        isNarrowed=${valueOf("userId") === userId}
        onNarrow=${(/** @type {string} */ value) => {
          narrow("userId", value);
          setUserId("");
        }}
        onClose=${() => setUserId("")}
      />`}
    </div>
  `;
}

/**
 * The pages and types that were among the most frequent since the view was opened.
 * @param {import("./answer.js").Answer<any>[]} tops
 */
function useSeen(tops) {
  const seen = useRef({ pages: /** @type {string[]} */ ([]), types: /** @type {string[]} */ ([]) });
  /** @type {(before: string[], name: string) => string[]} */
  const add = (before, name) => {
    const items = tops[DIMENSIONS.findIndex((dimension) => dimension.name === name)].known.data?.items ?? [];
    return [...new Set([...before, ...items.map((/** @type {{value: string}} */ { value }) => value)])].slice(-MAX_SEEN);
  };
  seen.current = { pages: add(seen.current.pages, "page"), types: add(seen.current.types, "type") };
  return seen.current;
}

/** Counts up every ten seconds while somebody looks; 0 before the first time. */
function useBeat() {
  const [beat, setBeat] = useState({ beat: 0, now_ms: Date.now() });
  useEffect(() => {
    const refresh = new Refresh(() => setBeat((before) => ({ beat: before.beat + 1, now_ms: Date.now() })), {
      now_ms: () => performance.now(),
      isHidden: () => document.hidden,
      later: (callback, delay_ms) => setTimeout(callback, delay_ms),
      cancel: (handle) => clearTimeout(handle),
    });
    const seen = () => refresh.seen();
    document.addEventListener("visibilitychange", seen);
    refresh.now();
    return () => {
      document.removeEventListener("visibilitychange", seen);
      refresh.stop();
    };
  }, []);
  return beat;
}

/** @param {{answer: import("./answer.js").Answer<any>}} props */
function Fresh({ answer }) {
  const { known, answeredAt_ms } = answer;
  const when = Number.isFinite(answeredAt_ms) ? `Updated ${hourMinuteSecond(answeredAt_ms)}` : "";
  return html`<p class="history-fresh" data-late=${known.error ? "" : undefined}>${when}</p>`;
}

/** @param {{requests: Requests}} props */
function Downloads({ requests }) {
  return html`
    <p class="history-downloads">
      <span class="minor history-wide">Download</span>
      <a href=${requests.download("csv")} download="events.csv">CSV</a>
      <a href=${requests.download("ndjson")} download="events.ndjson">NDJSON</a>
    </p>
  `;
}
