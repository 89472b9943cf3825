// A new key: what it is for, then the key itself, once.

import { post } from "../api.js";
import { html, useState } from "../vendor/vendor.js";
import { Choices, Field, FormActions, Problem, useSending } from "./fields.js";
import { MakingDialog } from "./making-dialog.js";
import { originFault, originsOf, SCOPES } from "./texts.js";

const SECRET = { what: "key", label: "The new key", notice: "Copy it now: it is shown this once. Who loses it makes a new one." };

/** @param {{onMade: () => void, onClose: () => void}} props */
export function KeyDialog({ onMade, onClose }) {
  return html`<${MakingDialog} thing="key" secret=${SECRET} form=${Form} onMade=${onMade} onClose=${onClose} />`;
}

/** @param {{onMade: (key: string) => void, onClose: () => void}} props */
function Form({ onMade, onClose }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(["ingest"]);
  const [bound, setBound] = useState("");
  const isForPages = scopes.length === 1 && scopes[0] === "ingest";
  const origins = isForPages ? originsOf(bound) : [];
  const fault = originFault(origins);
  const { isBusy, problem, submit } = useSending(async () => {
    if (fault || scopes.length === 0) return;
    const { key } = await post("/api/auth/api-key", { name: name.trim(), scopes, origins });
    onMade(key);
  }, isForPages ? ["name", "origins"] : ["name"]);
  return html`<form onSubmit=${submit}>
    <${Field} label="Name" placeholder="What it is for" maxlength="100" autocomplete="off" isFirst value=${name} onInput=${setName} fault=${problem.fields.name} />
    <${Choices} legend="It may" choices=${SCOPES} chosen=${scopes} onChange=${setScopes} />
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
    <${FormActions} action="Make key" isDisabled=${isBusy || scopes.length === 0} onClose=${onClose} />
  </form>`;
}
