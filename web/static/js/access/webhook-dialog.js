// A new webhook: where it leads and what it hears of, then its secret, once.

import { post } from "../api.js";
import { Dialog } from "../dialog.js";
import { html, useState } from "../vendor/vendor.js";
import { Copyable, Field, Problem, useSending } from "./fields.js";
import { HOOK_EVENTS } from "./hook-texts.js";

/** @param {{onMade: () => void, onClose: () => void}} props */
export function WebhookDialog({ onMade, onClose }) {
  const [secret, setSecret] = useState("");
  /** @param {string} made */
  const show = (made) => {
    setSecret(made);
    onMade();
  };
  return html`<${Dialog} title=${secret ? "Your new webhook" : "New webhook"} kind="access" onClose=${onClose}>
    ${secret ? html`<${Made} secret=${secret} onClose=${onClose} />` : html`<${Form} onSecret=${show} onClose=${onClose} />`}
  <//>`;
}

/** @param {{secret: string, onClose: () => void}} props */
function Made({ secret, onClose }) {
  return html`<p class="access-notice" role="status">Copy its secret now: it is shown this once. By it your program checks that a call is from here.</p>
    <${Copyable} label="The secret" what="secret" text=${secret} />
    <div class="dialog-actions"><button type="button" class="button" onClick=${onClose}>I have kept it</button></div>`;
}

/** @param {{onSecret: (secret: string) => void, onClose: () => void}} props */
function Form({ onSecret, onClose }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState(["visit.identified"]);
  const { isBusy, problem, submit } = useSending(async () => {
    const { secret } = await post("/api/webhooks", { url: url.trim(), events });
    onSecret(secret);
  });
  /** @param {string} id */
  const toggle = (id) => setEvents(events.includes(id) ? events.filter((event) => event !== id) : [...events, id]);
  return html`<form onSubmit=${submit}>
    <${Field}
      label="Address"
      type="text"
      inputmode="url"
      placeholder="https://…"
      autocomplete="off"
      autocapitalize="none"
      spellcheck=${false}
      required
      isFirst
      value=${url}
      onInput=${setUrl}
      fault=${problem.fields.url}
    />
    <fieldset class="access-scopes">
      <legend>It hears of</legend>
      ${HOOK_EVENTS.map(
        ({ id, title, detail }) => html`<label key=${id}>
          <input type="checkbox" checked=${events.includes(id)} onChange=${() => toggle(id)} />
          <span><strong>${title}</strong><br />${detail}</span>
        </label>`,
      )}
      ${events.length === 0 && html`<p class="access-fault">Choose at least one</p>`}
    </fieldset>
    <${Problem} text=${problem.fields.body ? `${problem.message} ${problem.fields.body}` : problem.message} />
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button class="button is-main" disabled=${isBusy || events.length === 0}>Make webhook</button>
    </div>
  </form>`;
}
