// Live figures start anew, after a second thought.

import { html, useState } from "./vendor/vendor.js";
import { post } from "./api.js";
import { Dialog } from "./dialog.js";
import { toast } from "./toasts.js";

/** @param {{service: import("./service.js").Service, onClose: () => void}} props */
export function ResetDialog({ service, onClose }) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const reset = async () => {
    setBusy(true);
    setProblem("");
    try {
      await post("/api/analytics/reset");
      service.track("reset");
      toast("The live figures begin anew.");
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It did not work.");
      setBusy(false);
    }
  };
  return html`<${Dialog} title="Reset the live figures?" kind="confirm" onClose=${onClose}>
    <p>Today’s count, the last ten minutes and the live feed begin anew, on every dashboard of this site.</p>
    <p>Nobody leaves the table, and the history stays.</p>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${onClose}>Cancel</button>
      <button type="button" class="button is-main" disabled=${isBusy} onClick=${reset}>Reset figures</button>
    </div>
  <//>`;
}
