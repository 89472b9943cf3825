// How much there was, in four figures.

import { NOTHING, average, count } from "../format.js";
import { html } from "../vendor/vendor.js";
import { ratio } from "./numbers.js";

/** @param {{answer: import("./answer.js").Answer<any>}} props */
export function TotalsPanel({ answer }) {
  const { known, retry } = answer;
  const { totalEvents, uniqueSessions, uniqueUsers } = known.data ?? {};
  const figures = [
    ["Events", count(totalEvents)],
    ["Unique sessions", count(uniqueSessions)],
    ["Unique users", count(uniqueUsers)],
    ["Events per session", known.data ? average(ratio(totalEvents, uniqueSessions)) : NOTHING],
  ];
  return html`
    <section class="history-totals" aria-label="Totals" data-stale=${known.isStale ? "" : undefined}>
      <dl class="counters">
        ${figures.map(
          ([name, value], place) => html`
            <div class=${place === 0 ? "counter is-main" : "counter"}><dt>${name}</dt><dd>${value}</dd></div>
          `,
        )}
      </dl>
      ${known.error &&
      html`
        <p class="history-late">
          <span>The totals are ${known.data ? "not updated" : "missing"}: ${known.error}</span>
          <button type="button" class="button is-small" onClick=${retry}>Try again</button>
        </p>
      `}
    </section>
  `;
}
