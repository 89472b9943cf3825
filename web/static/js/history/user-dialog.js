// What is known of one user: how much, since when, with what, and the last events.

import { Dialog } from "../dialog.js";
import { NOTHING, count, country } from "../format.js";
import { html } from "../vendor/vendor.js";
import { useAnswer } from "./answer.js";
import { label } from "./bars.js";
import { EventTable } from "./events-panel.js";
import { Failed, Message, Skeleton } from "./panel.js";

const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/**
 * @param {{
 *   userId: string,
 *   asks: import("./view.js").Asks,
 *   isNarrowed: boolean,
 *   onNarrow: (userId: string) => void,
 *   onClose: () => void,
 * }} props `isNarrowed`: the view shows this user alone already
 */
export function UserDialog({ userId, asks, isNarrowed, onNarrow, onClose }) {
  const answer = useAnswer(asks.requests.user(userId), asks.beat);
  const { data, error } = answer.known;
  return html`
    <${Dialog} title=${userId} kind="user" onClose=${onClose}>
      <div class="history-user">
        ${data ? html`<${Facts} data=${data} />` : error ? html`<${Failed} answer=${answer} />` : html`<${Skeleton} />`}
      </div>
      <div class="dialog-actions">
        <button type="button" class="button is-main" onClick=${() => onNarrow(isNarrowed ? "" : userId)}>
          ${isNarrowed ? "Show everybody again" : "Show this user alone"}
        </button>
      </div>
    <//>
  `;
}

/** @param {{data: any}} props */
function Facts({ data }) {
  if (data.totalEvents === 0) return html`<${Message}><p class="message-title">Nothing is known of this user</p><//>`;
  return html`
    <dl class="history-facts">
      <div><dt>Events</dt><dd>${count(data.totalEvents)}</dd></div>
      <div><dt>First seen</dt><dd>${moment(data.firstSeen)}</dd></div>
      <div><dt>Last seen</dt><dd>${moment(data.lastSeen)}</dd></div>
      <div class="is-long"><dt>Devices</dt><dd>${counted(data.devices, (value) => label("device", value))}</dd></div>
      <div class="is-long"><dt>Countries</dt><dd>${counted(data.countries, country)}</dd></div>
    </dl>
    <h3>Last events</h3>
    <div class="history-scroller" tabindex="0" role="region" aria-label="Last events of this user">
      <${EventTable} events=${data.recentEvents} />
    </div>
  `;
}

/** @param {string | null} time */
function moment(time) {
  return time ? dateTime.format(Date.parse(time)) : NOTHING;
}

/**
 * @param {Record<string, number>} counts
 * @param {(value: string) => string} say
 */
function counted(counts, say) {
  const all = Object.entries(counts).map(([value, events]) => `${say(value)} (${count(events)})`);
  return all.join(", ") || NOTHING;
}
