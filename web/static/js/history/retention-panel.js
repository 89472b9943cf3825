// Which users come back, week by week after the one in which they were seen first.

import { count } from "../format.js";
import { html, useMemo } from "../vendor/vendor.js";
import { useAnswer } from "./answer.js";
import { WEEKS, cohortRows, widest } from "./cohorts.js";
import { Panel } from "./panel.js";
import { Moments } from "./series.js";

const MINUTE_MS = 60_000;

/** @param {{asks: import("./view.js").Asks}} props */
export function RetentionPanel({ asks }) {
  const moments = useMemo(() => new Moments(), []);
  const { requests, beat, now_ms } = asks;
  // Weeks change slowly, and the question is dear: once a minute is enough.
  const minute = beat > 0 ? Math.ceil(now_ms / MINUTE_MS) : 0;
  const answer = useAnswer(requests.retention(now_ms), minute, requests.totals());
  return html`
    <${Panel}
      title="Retention"
      answer=${answer}
      className="history-retention"
      aside=${html`<p class="aside">Users who come back, last ${WEEKS} weeks</p>`}
      isEmpty=${(/** @type {any} */ { cohorts }) => cohorts.length === 0}
      empty=${html`<p class="message-title">No users in these weeks</p>
        <p>Send a <code>userId</code> with your events, and see here who comes back.</p>`}
    >
      ${(/** @type {{cohorts: import("./cohorts.js").Cohort[]}} */ { cohorts }) => table(cohortRows(cohorts, moments))}
    <//>
  `;
}

/** @param {import("./cohorts.js").CohortRow[]} rows */
function table(rows) {
  const columns = Array.from({ length: Math.max(1, widest(rows)) }, (_, place) => place + 1);
  return html`
    <div class="history-scroller is-wide" tabindex="0" role="region" aria-label="Retention by week">
      <table class="history-cohorts">
        <thead>
          <tr>
            <th scope="col">Week of</th>
            <th scope="col" class="is-number">Users</th>
            ${columns.map((week) => html`<th key=${week} scope="col"><span class="visually-hidden">Week </span>+${week}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) => html`
              <tr key=${row.week}>
                <th scope="row">${row.week}</th>
                <td class="is-number">${count(row.users)}</td>
                ${columns.map((week, place) => html`<${Cell} key=${week} cell=${row.cells[place]} />`)}
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
    ${widest(rows) > 0 && html`<p class="minor">The last week of each line, in italics, is still running.</p>`}
  `;
}

/** @param {{cell: import("./cohorts.js").Cell | undefined}} props */
function Cell({ cell }) {
  if (!cell) return html`<td class="is-cell"><span class="visually-hidden">not yet</span></td>`;
  return html`
    <td class="is-cell" data-level=${cell.level} data-open=${cell.isOpen ? "" : undefined} title=${cell.text}>
      ${cell.said}<span class="visually-hidden">: ${cell.text}</span>
    </td>
  `;
}
