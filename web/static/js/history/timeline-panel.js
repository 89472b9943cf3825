// Events and visitors over time: a chart, or the same as a table.

import { count } from "../format.js";
import { html, useMemo, useState } from "../vendor/vendor.js";
import { useAnswer } from "./answer.js";
import { Chart } from "./chart.js";
import { every } from "./numbers.js";
import { Message, Panel } from "./panel.js";
import { Moments, tableRows } from "./series.js";

/**
 * @param {{
 *   asks: import("./view.js").Asks,
 *   onRange: (from_ms: number, to_ms: number) => void,
 * }} props `onRange` is called when somebody drags over a part of the chart
 */
export function TimelinePanel({ asks, onRange }) {
  const answer = useAnswer(asks.requests.timeseries(), asks.beat);
  const [isTable, setTable] = useState(false);
  const moments = useMemo(() => new Moments(), []);
  const series = answer.known.data;
  const aside = html`
    <ul class="history-legend" aria-hidden="true">
      <li class="is-events">Events</li>
      <li class="is-visitors">Visitors</li>
    </ul>
    <p class="aside">
      ${series && html`<span class="minor history-wide">per ${every(series.interval)}</span>`}
      <button
        type="button"
        class="history-plain"
        aria-label="Show as table"
        aria-pressed=${isTable ? "true" : "false"}
        onClick=${() => setTable(!isTable)}
      >
        <span class="history-wide">Show as table</span><span class="history-narrow">Table</span>
      </button>
    </p>
  `;
  return html`
    <${Panel} title="Over time" answer=${answer} aside=${aside} className="history-timeline">
      ${(/** @type {import("./series.js").Series} */ data) =>
        isTable
          ? html`<${Table} series=${data} moments=${moments} />`
          : html`<${Chart} series=${data} moments=${moments} onSelect=${onRange} />
              ${data.points.every(({ events }) => events === 0) && html`<${Nothing} />`}`}
    <//>
  `;
}

/** @param {{series: import("./series.js").Series, moments: Moments}} props */
function Table({ series, moments }) {
  return html`
    <div class="history-scroller" tabindex="0" role="region" aria-label="Events and visitors over time">
      <table class="history-table">
        <thead><tr><th scope="col">Time</th><th scope="col" class="is-number">Events</th><th scope="col" class="is-number">Visitors</th></tr></thead>
        <tbody>
          ${tableRows(series, moments).map(
            ({ time, when, events, visitors }) => html`
              <tr key=${time}>
                <th scope="row">${when}</th>
                <td class="is-number">${count(events)}</td>
                <td class="is-number">${count(visitors)}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function Nothing() {
  return html`
    <div class="history-over">
      <${Message}>
        <p class="message-title">No events in this time</p>
        <p>Choose a longer time or fewer filters, or put the snippet <code>/tracker.js</code> into your pages.</p>
      <//>
    </div>
  `;
}
