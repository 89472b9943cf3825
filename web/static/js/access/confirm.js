// A second thought before something that cannot be undone.

import { html } from "../vendor/vendor.js";
import { Dialog } from "../dialog.js";
import { Problem, useSending } from "./fields.js";

/** @param {{title: string, action: string, onDo: () => Promise<void>, onClose: () => void, children: any}} props */
export function Confirm({ title, action, onDo, onClose, children }) {
  const { isBusy, problem, submit } = useSending(onDo);
  return html`<${Dialog} title=${title} kind="confirm" onClose=${onClose}>
    ${children}
    <${Problem} text=${problem.message} />
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="button is-main" disabled=${isBusy} onClick=${submit}>${action}</button>
    </div>
  <//>`;
}
