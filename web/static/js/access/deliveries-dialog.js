// The last messages for one webhook, and another try for those that were given up.

import { post } from "../api.js";
import { Dialog } from "../dialog.js";
import { dayMinute } from "../format.js";
import { time_ms } from "../rows.js";
import { html } from "../vendor/vendor.js";
import { Problem, useSending } from "./fields.js";
import { Missing, useListed } from "./listed.js";
import { stateText } from "./hook-texts.js";

/** @typedef {{id: string, type: string, at: any, state: string, tries: number, nextTryAt: any, status: number | null, reason: string | null}} Delivery */

/** @param {{id: string, name: string, onClose: () => void}} props */
export function DeliveriesDialog({ id, name, onClose }) {
  const { data, problem, reload } = useListed(`/api/webhooks/${id}/deliveries`);
  const sent = /** @type {Delivery[] | null} */ (data?.deliveries ?? null);
  const again = useSending(async () => {
    await post(`/api/webhooks/${id}/replay`);
    reload();
  });
  const dead = sent?.filter(({ state }) => state === "dead").length ?? 0;
  return html`<${Dialog} title=${`Messages for ${name}`} kind="access" onClose=${onClose}>
    ${sent === null || problem ? html`<${Missing} problem=${problem} onRetry=${reload} />` : html`<${DeliveryList} sent=${sent} />`}
    <${Problem} text=${again.problem.message} />
    <div class="dialog-actions">
      ${dead > 0 && html`<button type="button" class="button is-main" disabled=${again.isBusy} onClick=${again.submit}>Send again what was given up</button>`}
      <button type="button" class="button" onClick=${reload}>Look again</button>
      <button type="button" class="button" onClick=${onClose}>Done</button>
    </div>
  <//>`;
}

/** @param {{sent: Delivery[]}} props */
function DeliveryList({ sent }) {
  if (sent.length === 0) return html`<p class="access-hint">Nothing was sent yet.</p>`;
  return html`<ul class="access-list is-plain" aria-label="Messages">
    ${sent.map(
      (one) => html`<li key=${one.id}>
        <div class="access-who">
          <p><strong>${one.type}</strong></p>
          <p class="access-hint">${dayMinute(time_ms(one.at))}</p>
        </div>
        <p>${stateText(one)}${one.nextTryAt && one.tries > 0 ? `; next try ${dayMinute(time_ms(one.nextTryAt))}` : ""}</p>
      </li>`,
    )}
  </ul>`;
}
