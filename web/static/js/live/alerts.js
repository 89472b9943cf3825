// Alerts, newest first. The toast is what is announced; the list is there to be read later.

import { html } from "../vendor/vendor.js";
import { hourMinute } from "../format.js";

const LEVELS = { info: "Note", warning: "Warning", milestone: "Milestone" };

/** @param {{alerts: AlertEntry[]}} props */
export function Alerts({ alerts }) {
  return html`<section class="panel alerts" aria-labelledby="alerts-title">
    <div class="panel-head"><h2 id="alerts-title">Alerts</h2></div>
    <div class="panel-body" tabindex="0" role="group" aria-labelledby="alerts-title">
      ${alerts.length === 0 && html`<p class="quiet">Nothing unusual.</p>`}
      <ul id="alerts">
        ${alerts.map(
          ({ ordinal, level, message, at_ms }) => html`<li class="alert" key=${ordinal} data-level=${level}>
            <p class="alert-head"><strong class="level">${LEVELS[level]}</strong> <time class="when">${hourMinute(at_ms)}</time></p>
            <p>${message}</p>
          </li>`,
        )}
      </ul>
    </div>
  </section>`;
}
