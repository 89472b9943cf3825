// A new key: what it is for, then the key itself, once.

import { post } from "../api.js";
import { Dialog } from "../dialog.js";
import { html, useState } from "../vendor/vendor.js";
import { Copyable, Field, Problem, useSending } from "./fields.js";
import { originFault, originsOf, SCOPES } from "./texts.js";

/** @param {{onMade: () => void, onClose: () => void}} props */
export function KeyDialog({ onMade, onClose }) {
  const [made, setMade] = useState("");
  /** @param {string} key */
  const show = (key) => {
    setMade(key);
    onMade();
  };
  return html`<${Dialog} title=${made ? "Your new key" : "New key"} kind="access" onClose=${onClose}>
    ${made ? html`<${Made} text=${made} onClose=${onClose} />` : html`<${Form} onKey=${show} onClose=${onClose} />`}
  <//>`;
}

/** @param {{text: string, onClose: () => void}} props */
function Made({ text, onClose }) {
  return html`<p class="access-notice" role="status">Copy it now: it is shown this once. Who loses it makes a new one.</p>
    <${Copyable} label="The new key" what="key" text=${text} />
    <div class="dialog-actions"><button type="button" class="button" onClick=${onClose}>I have kept it</button></div>`;
}

/** @param {{onKey: (key: string) => void, onClose: () => void}} props */
function Form({ onKey, onClose }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(["ingest"]);
  const [bound, setBound] = useState("");
  const isForPages = scopes.length === 1 && scopes[0] === "ingest";
  const origins = isForPages ? originsOf(bound) : [];
  const fault = originFault(origins);
  const { isBusy, problem, submit } = useSending(async () => {
    if (fault || scopes.length === 0) return;
    const { key } = await post("/api/auth/api-key", { name: name.trim(), scopes, origins });
    onKey(key);
  });
  /** @param {string} id */
  const toggle = (id) => setScopes(scopes.includes(id) ? scopes.filter((scope) => scope !== id) : [...scopes, id]);
  return html`<form onSubmit=${submit}>
    <${Field} label="Name" placeholder="What it is for" maxlength="100" autocomplete="off" isFirst value=${name} onInput=${setName} fault=${problem.fields.name} />
    <fieldset class="access-scopes">
      <legend>It may</legend>
      ${SCOPES.map(
        ({ id, title, detail }) => html`<label key=${id}>
          <input type="checkbox" checked=${scopes.includes(id)} onChange=${() => toggle(id)} />
          <span><strong>${title}</strong><br />${detail}</span>
        </label>`,
      )}
      ${scopes.length === 0 && html`<p class="access-fault">Choose at least one</p>`}
    </fieldset>
    ${
      isForPages &&
      html`<${Field}
        label="Only from pages of (optional)"
        lines=${2}
        placeholder="https://…"
        autocapitalize="none"
        spellcheck=${false}
        value=${bound}
        onInput=${setBound}
        fault=${fault || problem.fields.origins}
        hint="One origin a line, with its scheme. Empty: from any page."
      />`
    }
    <${Problem} text=${problem.message} />
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button class="button is-main" disabled=${isBusy || scopes.length === 0}>Make key</button>
    </div>
  </form>`;
}
