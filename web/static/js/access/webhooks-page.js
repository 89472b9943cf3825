// The webhooks of the site: who else is told, whether it arrives, and their end.

import { post, remove } from "../api.js";
import { dayMinute } from "../format.js";
import { time_ms } from "../rows.js";
import { toast } from "../toasts.js";
import { html, useState } from "../vendor/vendor.js";
import { Confirm } from "./confirm.js";
import { DeliveriesDialog } from "./deliveries-dialog.js";
import { Problem, useSending } from "./fields.js";
import { Missing, useListed } from "./listed.js";
import { HOOK_EVENTS, hostOf, trialText } from "./hook-texts.js";
import { WebhookDialog } from "./webhook-dialog.js";

/** @typedef {{id: string, url: string, events: string[], createdAt: any, disabledAt: any, pending: number, dead: number}} Hook */

export function WebhooksPage() {
  const { data, problem, reload } = useListed("/api/webhooks");
  const [isMaking, setMaking] = useState(false);
  const [removing, setRemoving] = useState(/** @type {Hook | null} */ (null));
  const [looking, setLooking] = useState(/** @type {Hook | null} */ (null));
  const hooks = /** @type {Hook[] | null} */ (data?.webhooks ?? null);
  const drop = async () => {
    await remove(`/api/webhooks/${removing?.id}`);
    setRemoving(null);
    toast("The webhook is removed.");
    reload();
  };
  return html`<div class="panel access-block">
    <div class="access-head">
      <p class="access-hint">A program of yours is called whenever something happens here. Each call is signed.</p>
      <button type="button" class="button is-main" onClick=${() => setMaking(true)}>New webhook…</button>
    </div>
    ${
      hooks === null || problem
        ? html`<${Missing} problem=${problem} onRetry=${reload} />`
        : html`<${HookList} hooks=${hooks} onRemove=${setRemoving} onLook=${setLooking} onTested=${reload} />`
    }
    ${isMaking && html`<${WebhookDialog} onMade=${reload} onClose=${() => setMaking(false)} />`}
    ${
      looking &&
      html`<${DeliveriesDialog}
        id=${looking.id}
        name=${hostOf(looking.url)}
        onClose=${() => {
          setLooking(null);
          reload();
        }}
      />`
    }
    ${
      removing &&
      html`<${Confirm} title=${`Remove ${hostOf(removing.url)}?`} action="Remove webhook" onDo=${drop} onClose=${() => setRemoving(null)}>
        <p>It is told nothing more. Messages that wait for it are gone too. That cannot be undone.</p>
      <//>`
    }
  </div>`;
}

/** @param {{hooks: Hook[], onRemove: (hook: Hook) => void, onLook: (hook: Hook) => void, onTested: () => void}} props */
function HookList({ hooks, onRemove, onLook, onTested }) {
  if (hooks.length === 0) {
    return html`<div class="message">
      <p class="message-title">No webhooks yet</p>
      <p>Make one to hear of visits in your chat, your CRM or a program of yours.</p>
    </div>`;
  }
  return html`<ul class="access-list has-actions" aria-label="Webhooks">
    ${hooks.map((hook) => html`<${HookItem} key=${hook.id} hook=${hook} onRemove=${onRemove} onLook=${onLook} onTested=${onTested} />`)}
  </ul>`;
}

/** @param {{hook: Hook, onRemove: (hook: Hook) => void, onLook: (hook: Hook) => void, onTested: () => void}} props */
function HookItem({ hook, onRemove, onLook, onTested }) {
  const name = hostOf(hook.url);
  const { isBusy, problem, submit } = useSending(async () => {
    const trial = await post(`/api/webhooks/${hook.id}/test`);
    toast(trialText(trial), trial.delivered ? "info" : "warning");
    onTested();
  });
  return html`<li>
    <div class="access-who">
      <p><strong>${name}</strong></p>
      <p><code>${hook.url}</code></p>
      ${hook.disabledAt && html`<p class="access-fault">Nothing is sent since ${dayMinute(time_ms(hook.disabledAt))}: it said that it is gone. A test that it takes turns it on again.</p>`}
      <${Problem} text=${problem.message} />
    </div>
    <dl class="access-facts">
      <div><dt>Hears of</dt><dd>${HOOK_EVENTS.filter(({ id }) => hook.events.includes(id)).map(({ title }) => title).join(", ")}</dd></div>
      <div><dt>Waiting</dt><dd>${hook.pending}</dd></div>
      <div><dt>Given up</dt><dd>${hook.dead}</dd></div>
      <div><dt>Created</dt><dd>${dayMinute(time_ms(hook.createdAt))}</dd></div>
    </dl>
    <div class="access-actions">
      <button type="button" class="button" aria-label=${`Test ${name}`} disabled=${isBusy} onClick=${submit}>Test</button>
      <button type="button" class="button" aria-label=${`Messages for ${name}`} onClick=${() => onLook(hook)}>Messages…</button>
      <button type="button" class="button" aria-label=${`Remove ${name}`} onClick=${() => onRemove(hook)}>Remove…</button>
    </div>
  </li>`;
}
