// The watch list of the site: of whom the reader wants to be told when they come.

import { post, remove } from "../api.js";
import { dayMinute } from "../format.js";
import { time_ms } from "../rows.js";
import { toast } from "../toasts.js";
import { html, useId, useState } from "../vendor/vendor.js";
import { Field, Problem, useSending } from "./fields.js";
import { WATCH_KINDS } from "./hook-texts.js";
import { Missing, useListed } from "./listed.js";

/** @typedef {{id: string, kind: string, pattern: string, createdAt: any}} Watch */

export function WatchesPage() {
  const { data, problem, reload } = useListed("/api/watches");
  const rules = /** @type {Watch[] | null} */ (data?.watches ?? null);
  return html`<div class="panel access-block">
    <p class="access-hint">When somebody whom the list names is identified, every dashboard shows an alert, and webhooks that want to hear of it are called.</p>
    <${WatchForm} onAdded=${reload} />
    ${rules === null || problem ? html`<${Missing} problem=${problem} onRetry=${reload} />` : html`<${WatchRules} rules=${rules} onRemoved=${reload} />`}
  </div>`;
}

/** @param {{onAdded: () => void}} props */
function WatchForm({ onAdded }) {
  const [kind, setKind] = useState("domain");
  const [pattern, setPattern] = useState("");
  const kindId = useId();
  const { isBusy, problem, submit } = useSending(async () => {
    await post("/api/watches", { kind, pattern: pattern.trim() });
    setPattern("");
    onAdded();
  }, ["pattern"]);
  return html`<form onSubmit=${submit}>
    <div class="access-field">
      <label for=${kindId}>Look at</label>
      <select id=${kindId} class="choice" value=${kind} onChange=${(/** @type {any} */ event) => setKind(event.currentTarget.value)}>
        ${WATCH_KINDS.map(({ id, title }) => html`<option key=${id} value=${id}>${title}</option>`)}
      </select>
    </div>
    <${Field}
      label="Look for"
      type="text"
      maxlength="200"
      autocomplete="off"
      autocapitalize="none"
      spellcheck=${false}
      required
      value=${pattern}
      onInput=${setPattern}
      fault=${problem.fields.pattern}
      hint=${WATCH_KINDS.find(({ id }) => id === kind)?.hint}
    />
    <${Problem} text=${problem.message} />
    <p class="access-actions"><button class="button is-main" disabled=${isBusy}>Add to the list</button></p>
  </form>`;
}

/** @param {{rules: Watch[], onRemoved: () => void}} props */
function WatchRules({ rules, onRemoved }) {
  if (rules.length === 0) {
    return html`<div class="message">
      <p class="message-title">The list is empty</p>
      <p>Add a company that you wait for.</p>
    </div>`;
  }
  return html`<ul class="access-list" aria-label="Watch list">
    ${rules.map((rule) => html`<${WatchItem} key=${rule.id} rule=${rule} onRemoved=${onRemoved} />`)}
  </ul>`;
}

/** @param {{rule: Watch, onRemoved: () => void}} props */
function WatchItem({ rule, onRemoved }) {
  const { isBusy, problem, submit } = useSending(async () => {
    await remove(`/api/watches/${rule.id}`);
    toast("The rule is off the list.");
    onRemoved();
  });
  return html`<li>
    <div class="access-who">
      <p><strong>${rule.pattern}</strong></p>
      <${Problem} text=${problem.message} />
    </div>
    <dl class="access-facts">
      <div><dt>Looks at</dt><dd>${WATCH_KINDS.find(({ id }) => id === rule.kind)?.title ?? rule.kind}</dd></div>
      <div><dt>Added</dt><dd>${dayMinute(time_ms(rule.createdAt))}</dd></div>
    </dl>
    <button type="button" class="button" aria-label=${`Remove ${rule.pattern}`} disabled=${isBusy} onClick=${submit}>Remove</button>
  </li>`;
}
