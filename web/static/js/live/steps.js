// The journey of a visit and what was done on the way.

import { html } from "../vendor/vendor.js";
import { action, count, duration, hourMinuteSecond } from "../format.js";

const MAX_EVENTS = 100;

/** @typedef {ReturnType<typeof import("./journey.js").visitOf>} Visit */

/** @param {{visit: Visit | null, row: VisitorRow, now_ms: number, isOver: boolean}} props */
export function Journey({ visit, row, now_ms, isOver }) {
  const steps = visit?.steps ?? [];
  return html`<section aria-labelledby="journey-title">
    <h3 id="journey-title">Journey${steps.length > 0 && html` <span class="minor">${steps.length === 1 ? "1 page" : `${count(Math.max(steps.length, row.pageCount))} pages`}</span>`}</h3>
    ${visit === null && html`<p class="quiet">Loading…</p>`}
    ${visit !== null && steps.length === 0 && html`<p class="quiet">No page is known of this visit.</p>`}
    <ol class="journey" id="journey">
      ${steps.map(({ page, at_ms, spent_ms }, place) => {
        const isHere = spent_ms === null && !isOver;
        return html`<li class=${isHere ? "step is-here" : "step"} key=${place}>
          <time class="when">${hourMinuteSecond(at_ms)}</time>
          <span class="path">${page}</span>
          <span class="spent">${isHere ? `here for ${duration((now_ms - at_ms) / 1000)}` : spent_ms === null ? "" : duration(spent_ms / 1000)}</span>
        </li>`;
      })}
    </ol>
  </section>`;
}

/** @param {{visit: Visit | null}} props */
export function Events({ visit }) {
  const events = visit?.events ?? [];
  if (events.length === 0) return null;
  return html`<section aria-labelledby="events-title">
    <h3 id="events-title">Events <span class="minor">${events.length > MAX_EVENTS ? `the last ${MAX_EVENTS} of ${count(events.length)}` : count(events.length)}</span></h3>
    <ol class="visit-events" id="events">
      ${events.slice(0, MAX_EVENTS).map(
        ({ type, page, at_ms }, place) => html`<li class="step" key=${place}>
          <time class="when">${hourMinuteSecond(at_ms)}</time>
          <span class="path"><span class="action">${action(type)}</span> ${page}</span>
        </li>`,
      )}
    </ol>
  </section>`;
}
