// A new webhook: where it leads and what it hears of, then its secret, once.

import { post } from "../api.js";
import { html, useState } from "../vendor/vendor.js";
import { Choices, Field, FormActions, Problem, useSending } from "./fields.js";
import { HOOK_EVENTS } from "./hook-texts.js";
import { MakingDialog } from "./making-dialog.js";

const SECRET = {
  what: "secret",
  label: "The secret",
  notice: "Copy its secret now: it is shown this once. By it your program checks that a call is from here.",
};

/** @param {{onMade: () => void, onClose: () => void}} props */
export function WebhookDialog({ onMade, onClose }) {
  return html`<${MakingDialog} thing="webhook" secret=${SECRET} form=${Form} onMade=${onMade} onClose=${onClose} />`;
}

/** @param {{onMade: (secret: string) => void, onClose: () => void}} props */
function Form({ onMade, onClose }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState(["visit.identified"]);
  const { isBusy, problem, submit } = useSending(async () => {
    const { secret } = await post("/api/webhooks", { url: url.trim(), events });
    onMade(secret);
  }, ["url"]);
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
    <${Choices} legend="It hears of" choices=${HOOK_EVENTS} chosen=${events} onChange=${setEvents} />
    <${Problem} text=${problem.message} />
    <${FormActions} action="Make webhook" isDisabled=${isBusy || events.length === 0} onClose=${onClose} />
  </form>`;
}
