// Who else of a visitor's company is here, and who was.

import { html, useEffect, useState } from "../vendor/vendor.js";
import { get } from "../api.js";
import { dayMinute, duration, elapsed, plural } from "../format.js";
import { go } from "../router.js";
import { pastVisits } from "./journey.js";
import { nameOf } from "./row.js";

const ASKED_VISITS = 50;
const MAX_SHOWN = 10;

/** @param {Company} company */
const nameForQuery = (company) => company.guid ?? company.name;

/** @param {VisitorRow} row @param {VisitorRow} other */
function isColleague(row, other) {
  if (row.id === other.id || row.company === null || other.company === null) return false;
  return nameForQuery(row.company) === nameForQuery(other.company);
}

/** @param {{row: VisitorRow, service: import("../service.js").Service}} props */
export function Colleagues({ row, service }) {
  const { state, now_ms } = service.frame.value;
  const others = [...state.rows.values()].filter((other) => isColleague(row, other));
  if (others.length === 0) return null;
  return html`<section aria-labelledby="colleagues-title">
    <h3 id="colleagues-title">Also here from ${row.company?.name} <span class="minor">${others.length}</span></h3>
    <ul class="visits" id="colleagues">
      ${others.slice(0, MAX_SHOWN).map(
        (other) => html`<li key=${other.id}>
          <button type="button" class="visit-open" onClick=${() => go({ visitor: other.id }, { replace: true })}>
            <strong>${nameOf(other)}</strong> <span class="path">${other.page}</span>
            <span class="spent">${elapsed(other.openedAt_ms, now_ms)}</span>
          </button>
        </li>`,
      )}
    </ul>
  </section>`;
}

/** @param {{row: VisitorRow, service: import("../service.js").Service}} props */
export function PastVisits({ row, service }) {
  const { company } = row;
  const [answer, setAnswer] = useState({ visits: /** @type {Json[] | null} */ (null), problem: "" });
  useEffect(() => {
    if (company === null) return undefined;
    const abort = new AbortController();
    get("/api/analytics/visits", { company: nameForQuery(company), range: "month", limit: ASKED_VISITS }, abort.signal).then(
      (data) => setAnswer({ visits: data.visits, problem: "" }),
      (error) => abort.signal.aborted || setAnswer({ visits: null, problem: error.message }),
    );
    return () => abort.abort();
  }, [company && nameForQuery(company)]);
  if (company === null) return null;
  const here = new Set([row.id, ...service.state.rows.keys()]);
  const visits = answer.visits && pastVisits(answer.visits, here);
  return html`<section aria-labelledby="past-title">
    <h3 id="past-title">Past visits from ${company.name} <span class="minor">last month</span></h3>
    ${answer.problem && html`<p class="quiet">They could not be loaded: ${answer.problem}.</p>`}
    ${!answer.problem && visits === null && html`<p class="quiet">Loading…</p>`}
    ${visits?.length === 0 && html`<p class="quiet">None.</p>`}
    <ul class="visits" id="past-visits">
      ${(visits ?? []).slice(0, MAX_SHOWN).map(
        (visit) => html`<li class="past" key=${visit.sessionId}>
          <time class="when">${dayMinute(visit.startedAt_ms)}</time>
          <span class="path">${visit.person ?? "Contact unknown"}</span>
          <span class="spent">${visit.pages > 0 && `${plural(visit.pages, "page")}, `}${duration(visit.lasted_s)}</span>
        </li>`,
      )}
    </ul>
    ${visits && visits.length > MAX_SHOWN && html`<p class="quiet">and ${plural(visits.length - MAX_SHOWN, "more visit")}</p>`}
  </section>`;
}
