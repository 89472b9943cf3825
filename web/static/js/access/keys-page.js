// The keys of the site: what they may do, when they were used, and their end.

import { post } from "../api.js";
import { dayMinute } from "../format.js";
import { time_ms } from "../rows.js";
import { toast } from "../toasts.js";
import { html, useState } from "../vendor/vendor.js";
import { Confirm } from "./confirm.js";
import { KeyDialog } from "./key-dialog.js";
import { Missing, useListed } from "./listed.js";
import { scopesText } from "./texts.js";

/** @typedef {{prefix: string, name: string, scopes: string[], origins: string[], createdAt: any, lastUsedAt: any}} Key */

export function KeysPage() {
  const { data, problem, reload } = useListed("/api/auth/api-key");
  const [isMaking, setMaking] = useState(false);
  const [revoking, setRevoking] = useState(/** @type {Key | null} */ (null));
  const keys = /** @type {Key[] | null} */ (data?.keys ?? null);
  const revoke = async () => {
    await post("/api/auth/revoke", { key: revoking?.prefix });
    setRevoking(null);
    toast("The key is revoked.");
    reload();
  };
  return html`<div class="panel access-block">
    <div class="access-head">
      <p class="access-hint">Programs and pages show a key to be let in. Only its beginning is kept here to tell it by.</p>
      <button type="button" class="button is-main" onClick=${() => setMaking(true)}>New key…</button>
    </div>
    ${keys === null || problem ? html`<${Missing} problem=${problem} onRetry=${reload} />` : html`<${KeyList} keys=${keys} onRevoke=${setRevoking} />`}
    ${
      isMaking &&
      html`<${KeyDialog}
        onMade=${reload}
        onClose=${() => setMaking(false)}
      />`
    }
    ${
      revoking &&
      html`<${Confirm} title=${`Revoke ${revoking.name || revoking.prefix}?`} action="Revoke key" onDo=${revoke} onClose=${() => setRevoking(null)}>
        <p>Whatever uses <code>${revoking.prefix}…</code> stops working at once. That cannot be undone.</p>
      <//>`
    }
  </div>`;
}

/** @param {{keys: Key[], onRevoke: (key: Key) => void}} props */
function KeyList({ keys, onRevoke }) {
  if (keys.length === 0) {
    return html`<div class="message">
      <p class="message-title">No keys yet</p>
      <p>Make one for your web pages (send events), or for a program of yours (read).</p>
    </div>`;
  }
  return html`<ul class="access-list" aria-label="Keys">
    ${keys.map(
      (key) => html`<li key=${key.prefix}>
        <div class="access-who">
          <p><strong>${key.name || "Without a name"}</strong></p>
          <p><code>${key.prefix}…</code></p>
        </div>
        <dl class="access-facts">
          <div><dt>May</dt><dd>${scopesText(key.scopes)}</dd></div>
          ${key.origins?.length > 0 && html`<div><dt>From</dt><dd>${key.origins.join(", ")}</dd></div>`}
          <div><dt>Created</dt><dd>${dayMinute(time_ms(key.createdAt))}</dd></div>
          <div><dt>Last used</dt><dd>${key.lastUsedAt ? dayMinute(time_ms(key.lastUsedAt)) : "Never"}</dd></div>
        </dl>
        <button type="button" class="button" aria-label=${`Revoke ${key.name || key.prefix}`} onClick=${() => onRevoke(key)}>Revoke…</button>
      </li>`,
    )}
  </ul>`;
}
