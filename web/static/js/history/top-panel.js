// The values that were most frequent, as bars; each narrows the view to itself.

import { Flag } from "../flag.js";
import { count } from "../format.js";
import { html } from "../vendor/vendor.js";
import { label, scaled } from "./bars.js";
import { word } from "./numbers.js";
import { Panel } from "./panel.js";

/**
 * @param {{
 *   dimension: {name: string, title: string, empty: string},
 *   answer: import("./answer.js").Answer<any>,
 *   active: string,
 *   onNarrow: (name: string, value: string) => void,
 * }} props `active` is the value to which the view is narrowed already, or ""
 */
export function TopPanel({ dimension, answer, active, onNarrow }) {
  return html`
    <${Panel}
      title=${dimension.title}
      answer=${answer}
      className="history-top"
      isEmpty=${(/** @type {any} */ { items }) => items.length === 0}
      empty=${html`<p class="message-title">None in this time</p><p>${dimension.empty}</p>`}
      aside=${html`<p class="aside history-columns" aria-hidden="true"><span>Visitors</span><span>Events</span></p>`}
    >
      ${(/** @type {{items: import("./bars.js").Item[]}} */ { items }) => html`
        <ul class="history-bars">
          ${scaled(items).map(
            (item) => html`
              <li key=${item.value}>
                <${Bar} dimension=${dimension.name} item=${item} active=${active} onNarrow=${onNarrow} />
              </li>
            `,
          )}
        </ul>
      `}
    <//>
  `;
}

/**
 * @param {{
 *   dimension: string,
 *   item: import("./bars.js").Item & {width: number},
 *   active: string,
 *   onNarrow: (name: string, value: string) => void,
 * }} props
 */
function Bar({ dimension, item, active, onNarrow }) {
  const said = label(dimension, item.value);
  const isActive = active !== "" && active.toLowerCase() === item.value.toLowerCase();
  return html`
    <button
      type="button"
      class="history-bar"
      title=${item.value}
      aria-pressed=${isActive ? "true" : "false"}
      onClick=${() => onNarrow(dimension, isActive ? "" : item.value)}
    >
      <span class="history-bar-track">
        <span class="history-bar-fill" style=${{ width: `${item.width * 100}%` }}></span>
        ${dimension === "country" && html`<${Flag} code=${item.value} />`}
        <span class="history-bar-label">${said}</span>
      </span>
      <span class="history-bar-visitors">${count(item.visitors)}<span class="visually-hidden"> ${word(item.visitors, "visitor")},</span></span>
      <span class="history-bar-events">${count(item.events)}<span class="visually-hidden"> ${word(item.events, "event")}</span></span>
    </button>
  `;
}
