// The line below the header: is what is shown true, and the page's own switches. Always there, so
// that bad news moves nothing.

import { html, useState } from "./vendor/vendor.js";
import { toggleNotifications, toggleSound } from "./attention.js";
import { notifications, sound } from "./prefs.js";
import { ResetDialog } from "./reset.js";
import { view } from "./router.js";
import { stripOf } from "./strip.js";
import { toast } from "./toasts.js";

/** @param {{service: import("./service.js").Service}} props */
export function StripLine({ service }) {
  const { level, title, detail, mayRetry } = stripOf(service.frame.value);
  const [isResetting, setResetting] = useState(false);
  const askForNotifications = async () => {
    const problem = await toggleNotifications();
    if (problem) toast(problem);
    service.track("notifications", { on: notifications.value });
  };
  const switchSound = () => {
    toggleSound();
    service.track("sound", { on: sound.value });
  };
  return html`<section class="strip" id="strip" aria-label="Status" data-level=${level}>
    <p role="status"><strong>${title}</strong> ${detail}</p>
    ${mayRetry && html`<button type="button" class="retry" onClick=${() => service.retryNow()}>Try now</button>`}
    <div class="switches" role="group" aria-label="This page">
      <${Switch} name="Sound" isOn=${sound.value} onToggle=${switchSound} />
      <${Switch} name="Notifications" isOn=${notifications.value} onToggle=${askForNotifications} />
      ${
        view.value === "live" &&
        html`<button type="button" class="switch" onClick=${() => setResetting(true)}>Reset figures…</button>`
      }
    </div>
    ${isResetting && html`<${ResetDialog} service=${service} onClose=${() => setResetting(false)} />`}
  </section>`;
}

/** @param {{name: string, isOn: boolean, onToggle: () => void}} props */
function Switch({ name, isOn, onToggle }) {
  return html`<button type="button" class="switch" role="switch" aria-checked=${String(isOn)} onClick=${onToggle}>
    <span class="track" aria-hidden="true"></span>${name}
  </button>`;
}
