// The newest events, page by page.

import { Flag } from "../flag.js";
import { country, hourMinuteSecond } from "../format.js";
import { html, useEffect, useState } from "../vendor/vendor.js";
import { useAnswer } from "./answer.js";
import { label } from "./bars.js";
import { Panel } from "./panel.js";
import { Moments } from "./series.js";

const moments = new Moments();

/** @param {{asks: import("./view.js").Asks, onUser: (userId: string) => void}} props */
export function EventsPanel({ asks, onUser }) {
  const { requests, beat } = asks;
  const question = requests.events();
  const [cursors, setCursors] = useState(/** @type {string[]} */ ([]));
  // Another question begins with its newest events.
  useEffect(() => setCursors([]), [question]);
  const cursor = cursors.at(-1) ?? null;
  // Older pages stand still while they are read.
  const answer = useAnswer(requests.events(cursor), cursor ? Math.min(beat, 1) : beat);
  const next = answer.known.data?.next ?? null;
  const pages = html`
    <div class="aside history-pages">
      <span class="minor">${cursor ? `Page ${cursors.length + 1}` : "Newest first"}</span>
      <button type="button" class="button is-small" disabled=${!cursor} onClick=${() => setCursors(cursors.slice(0, -1))}>Newer</button>
      <button type="button" class="button is-small" disabled=${!next || answer.known.isStale} onClick=${() => next && setCursors([...cursors, next])}>Older</button>
    </div>
  `;
  return html`
    <${Panel}
      title="Events"
      answer=${answer}
      aside=${pages}
      className="history-events"
      isEmpty=${(/** @type {any} */ { events }) => events.length === 0}
      empty=${html`<p class="message-title">No events in this time</p><p>Choose a longer time or fewer filters.</p>`}
    >
      ${(/** @type {any} */ { events }) => html`<${EventTable} events=${events} onUser=${onUser} />`}
    <//>
  `;
}

/** @param {{events: any[], onUser?: (userId: string) => void}} props without `onUser` the user is left out */
export function EventTable({ events, onUser }) {
  // The roles are spelled out because narrow screens show rows as cards, and a table without table display loses them.
  return html`
    <table class="history-list" role="table">
      <thead role="rowgroup">
        <tr role="row">
          ${["Time", "Event", "Page", "Country", "Device", "Referrer", ...(onUser ? ["User"] : [])].map(
            (name) => html`<th key=${name} role="columnheader" scope="col">${name}</th>`,
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${events.map((event) => html`<${EventRow} key=${event.id} event=${event} onUser=${onUser} />`)}
      </tbody>
    </table>
  `;
}

/** @param {{event: any, onUser?: (userId: string) => void}} props */
function EventRow({ event, onUser }) {
  const at_ms = Date.parse(event.timestamp);
  const device = [event.device && label("device", event.device), event.browser, event.os].filter(Boolean).join(", ");
  return html`
    <tr role="row">
      <td role="cell" class="is-time"><span class="minor">${moments.say("day", at_ms / 1000)}</span> ${hourMinuteSecond(at_ms)}</td>
      <td role="cell" class="is-type"><span class="history-type">${event.type}</span></td>
      <${Text} kind="page" text=${event.page} />
      <td role="cell" class="is-country" title=${event.country ? country(event.country) : undefined}>
        ${event.country ? html`<${Flag} code=${event.country} />${country(event.country)}` : html`<${None} />`}
      </td>
      <${Text} kind="device" text=${device} />
      <${Text} kind="referrer" text=${event.referrer && label("referrer", event.referrer)} title=${event.referrer} />
      ${onUser && html`<td role="cell" class="is-user"><${User} event=${event} onUser=${onUser} /></td>`}
    </tr>
  `;
}

/** @param {{event: any, onUser: (userId: string) => void}} props */
function User({ event, onUser }) {
  if (!event.userId) return html`<${None} />`;
  return html`
    <button type="button" class="history-plain" title=${event.userId} aria-haspopup="dialog" onClick=${() => onUser(event.userId)}>
      ${event.userId}
    </button>
  `;
}

/** @param {{kind: string, text: string | null, title?: string | null}} props */
function Text({ kind, text, title = text }) {
  if (!text) return html`<td role="cell" class=${`is-${kind} is-none`}><${None} /></td>`;
  return html`<td role="cell" class=${`is-${kind}`} title=${title}>${text}</td>`;
}

function None() {
  return html`<span class="minor">–</span>`;
}
