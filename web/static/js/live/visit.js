// One visitor, opened: who it is, the journey with its times, what was done, who else came from there.

import { html, useEffect, useState } from "../vendor/vendor.js";
import { get } from "../api.js";
import { Dialog } from "../dialog.js";
import { Flag } from "../flag.js";
import { country, dayMinute, duration, elapsed, hourMinuteSecond, NOTHING } from "../format.js";
import { visitorRow } from "../rows.js";
import { Colleagues, PastVisits } from "./company.js";
import { lasted_s, siteOf, visitOf } from "./journey.js";
import { nameOf } from "./row.js";
import { Events, Journey } from "./steps.js";

const ASK_AGAIN_MS = 2_000;

/** @typedef {import("../service.js").Service} Service */

/** @param {{id: string, service: Service, onClose: () => void}} props */
export function Visit({ id, service, onClose }) {
  const { state, now_ms } = service.frame.value;
  const live = state.rows.get(id) ?? null;
  const { data, problem } = useVisit(id, live);
  const row = live ?? (data && visitorRow(data));
  const visit = data && visitOf(data);
  const isOver = live === null && visit?.endedAt_ms != null;
  const until_ms = isOver ? /** @type {number} */ (visit.endedAt_ms) : now_ms;
  const who = row ? nameOf(row) : "Visitor";
  return html`<${Dialog} kind="visit" title=${who} onClose=${onClose}>
    ${problem && !data && html`<p class="problem" role="alert">${problem}</p>`}
    ${row === null && !problem && html`<p class="quiet" role="status">Loading the visit…</p>`}
    ${
      row &&
      html`<p class="visit-sub">${[row.contact?.title, row.company?.name].filter(Boolean).join(", ")}</p>
        <p class="visit-now">
          <span class=${isOver ? "status is-over" : row.isIdle ? "status is-idle" : "status"}>${isOver ? `Left ${dayMinute(until_ms)}` : row.isIdle ? "Idle" : "Active"}</span>
          <span>${duration(lasted_s(row, until_ms))} on site</span>
          ${!isOver && html`<span>last activity ${elapsed(row.lastActivityAt_ms, now_ms)} ago</span>`}
        </p>
        <div class="visit-grid">
          <${Identity} row=${row} />
          <div class="visit-main">
            <${Journey} visit=${visit} row=${row} now_ms=${now_ms} isOver=${isOver} />
            <${Events} visit=${visit} />
            <${Colleagues} row=${row} service=${service} />
            <${PastVisits} row=${row} service=${service} />
          </div>
        </div>`
    }
  <//>`;
}

/**
 * The visit as the service tells it; asked again when the visitor goes on, at most every two seconds.
 * @param {string} id
 * @param {VisitorRow | null} live
 * @returns {{data: Json | null, problem: string}}
 */
function useVisit(id, live) {
  const [answer, setAnswer] = useState({ data: /** @type {Json | null} */ (null), problem: "" });
  const [askedAt_ms, setAsked] = useState(-Infinity);
  const change = live ? `${live.page}\n${live.pageCount}\n${live.lastActivityAt_ms}` : "gone";
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      setAsked(performance.now());
      try {
        const data = await get(`/api/analytics/sessions/${encodeURIComponent(id)}`, {}, abort.signal);
        setAnswer({ data, problem: "" });
      } catch (error) {
        if (abort.signal.aborted) return;
        const problem = error instanceof Error ? error.message : "The visit could not be loaded";
        setAnswer((before) => ({ data: before.data, problem: `${problem}. Close this and try again.` }));
      }
    };
    const timer = setTimeout(ask, Math.max(0, askedAt_ms + ASK_AGAIN_MS - performance.now()));
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [id, change]);
  return answer;
}

/** @param {{row: VisitorRow}} props */
function Identity({ row }) {
  const { contact, company } = row;
  const href = siteOf(company?.domain ?? null);
  return html`<section class="identity" aria-labelledby="identity-title">
    <h3 id="identity-title">Identity</h3>
    <dl>
      <${Fact} name="Company" value=${company?.name} />
      ${company?.domain && html`<${Fact} name="Web site" value=${href ? html`<a href=${href} target="_blank" rel="noopener noreferrer">${company.domain}</a>` : company.domain} />`}
      <${Fact} name="Contact" value=${contact?.name} />
      ${contact?.title && html`<${Fact} name="Title" value=${contact.title} />`}
      <${Fact} name="E-mail" value=${lines(contact?.emails)} />
      <${Fact} name="Phone" value=${lines(contact?.phones)} />
      <${Fact} name="Country" value=${row.country && html`<${Flag} code=${row.country} />${country(row.country)}`} />
      <${Fact} name="IP address" value=${row.ip} />
      <${Fact} name="Device" value=${row.device} />
      <${Fact} name="Opened" value=${hourMinuteSecond(row.openedAt_ms)} />
    </dl>
  </section>`;
}

/** @param {string[]} [values] */
function lines(values) {
  return values?.length ? values.map((value) => html`<span class="fact-line" key=${value}>${value}</span>`) : null;
}

/** @param {{name: string, value: any}} props */
function Fact({ name, value }) {
  return html`<div class="fact">
    <dt>${name}</dt>
    <dd class=${value ? "" : "is-missing"}>${value || NOTHING}</dd>
  </div>`;
}
