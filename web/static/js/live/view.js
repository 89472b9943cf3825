// The live view: who is here, from where, doing what.

import { html, useEffect, useMemo } from "../vendor/vendor.js";
import { clearFilters, isFiltered } from "../filters.js";
import { count, plural } from "../format.js";
import { go, openVisitor } from "../router.js";
import { Alerts } from "./alerts.js";
import { Counters } from "./counters.js";
import { Feed } from "./feed.js";
import { LiveModel } from "./model.js";
import { Places } from "./places.js";
import { VisitorTable } from "./table.js";
import { Chips, Toolbar } from "./toolbar.js";
import { Visit } from "./visit.js";

/** @typedef {import("../service.js").Service} Service */

/** @param {{service: Service}} props */
export function LiveView({ service }) {
  const model = useMemo(() => new LiveModel(service), [service]);
  useEffect(() => model.follow(), [model]);
  const { state, status } = service.frame.value;
  const condition = state.snapshots === 0 ? "loading" : status === "connected" ? "live" : "old";
  return html`<div class="live" data-state=${condition}>
    <${Counters} service=${service} model=${model} />
    <${Visitors} service=${service} model=${model} />
    <div class="side">
      <${Places} service=${service} model=${model} />
      <${Alerts} alerts=${state.alerts} />
      <${Feed} service=${service} model=${model} />
    </div>
    ${openVisitor.value !== null && html`<${Visit} key=${openVisitor.value} id=${openVisitor.value} service=${service} onClose=${() => go({ visitor: null })} />`}
  </div>`;
}

/** @param {{service: Service, model: LiveModel}} props */
function Visitors({ service, model }) {
  const { state } = service.frame.value;
  const { shown, waiting } = model.table.value;
  const hidden = state.hiddenSessions;
  const showNew = () => {
    model.release();
    const scroller = document.getElementById("scroller");
    if (scroller) scroller.scrollTop = 0;
  };
  return html`<section class="panel visitors" id="visitors" aria-labelledby="visitors-title">
    <div class="panel-head">
      <h2 id="visitors-title">On your site now</h2>
      <p class="quiet" id="shown">${shownText(state, shown, model)}</p>
      ${waiting > 0 && html`<button type="button" class="pill" id="newcomers" onClick=${showNew}>Show ${count(waiting)} new</button>`}
      <p class="aside" id="hidden-sessions">${hidden > 0 && `${plural(hidden, "data-centre session")} hidden`}</p>
    </div>
    <${Toolbar} service=${service} model=${model} />
    <${Chips} />
    <div class="table-area">
      <${VisitorTable} service=${service} model=${model} />
      ${shown === 0 && html`<${Nobody} isLoading=${state.snapshots === 0} isSearch=${model.query.value.trim() !== ""} model=${model} />`}
    </div>
  </section>`;
}

/** @param {import("../state.js").State} state @param {number} shown @param {LiveModel} model */
function shownText(state, shown, model) {
  if (state.snapshots === 0) return "";
  const known = state.rows.size;
  const total = state.isPartial ? Math.max(known, state.totalActive ?? 0) : known;
  if (isFiltered.value || model.query.value.trim()) return `${count(shown)} of ${plural(total, "visitor")}`;
  return total > known ? `the ${count(known)} most recent of ${plural(total, "visitor")}` : plural(total, "visitor");
}

/** An empty table, and what to do about it. @param {{isLoading: boolean, isSearch: boolean, model: LiveModel}} props */
function Nobody({ isLoading, isSearch, model }) {
  if (isLoading) {
    return html`<div class="message" id="loading">
      <p class="message-title">Connecting</p>
      <p>Your visitors appear here in a moment.</p>
    </div>`;
  }
  if (isSearch || isFiltered.value) {
    const clear = () => {
      model.query.value = "";
      clearFilters();
    };
    return html`<div class="message" id="nobody">
      <p class="message-title">Nobody matches</p>
      <p>No visitor of this moment fits the search and the filters.</p>
      <p><button type="button" class="button" onClick=${clear}>Show everyone</button></p>
    </div>`;
  }
  return html`<div class="message" id="empty">
    <p class="message-title">No visitors right now</p>
    <p>They appear here the moment somebody opens your site, no reload needed.</p>
    <p>Nobody for a long time? Check that the session feed is connected, or that your pages carry the snippet <code>/tracker.js</code>.</p>
  </div>`;
}
