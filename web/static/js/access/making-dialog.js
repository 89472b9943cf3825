// A dialog that makes something and then shows its secret, once.

import { Dialog } from "../dialog.js";
import { html, useState } from "../vendor/vendor.js";
import { Copyable } from "./fields.js";

/**
 * @param {{thing: string, secret: {what: string, label: string, notice: string}, form: any, onMade: () => void, onClose: () => void}} props
 *   `form` is the component that asks: it calls its `onMade` with the text that is shown once
 */
export function MakingDialog({ thing, secret, form: Form, onMade, onClose }) {
  const [made, setMade] = useState("");
  /** @param {string} text */
  const show = (text) => {
    setMade(text);
    onMade();
  };
  return html`<${Dialog} title=${`${made ? "Your new" : "New"} ${thing}`} kind="access" onClose=${onClose}>
    ${
      made
        ? html`<p class="access-notice" role="status">${secret.notice}</p>
            <${Copyable} label=${secret.label} what=${secret.what} text=${made} />
            <div class="dialog-actions"><button type="button" class="button" onClick=${onClose}>I have kept it</button></div>`
        : html`<${Form} onMade=${show} onClose=${onClose} />`
    }
  <//>`;
}
