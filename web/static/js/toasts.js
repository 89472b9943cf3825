// Short notes in the corner: alerts, and what became of something the reader did.

import { html, signal } from "./vendor/vendor.js";

const SHOWN_MS = 8_000;
const MAX_SHOWN = 3;
const LEVELS = { info: "Note", warning: "Warning", milestone: "Milestone" };

/** @type {import("./vendor/vendor.js").Signal<{id: number, level: AlertLevel, text: string}[]>} newest last */
const shown = signal([]);
let lastId = 0;

/** @param {string} text @param {AlertLevel} [level] */
export function toast(text, level = "info") {
  lastId += 1;
  const id = lastId;
  shown.value = [...shown.value, { id, level, text }].slice(-MAX_SHOWN);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

/** @param {number} id */
function dismiss(id) {
  shown.value = shown.value.filter((entry) => entry.id !== id);
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-label="Notes">
    ${shown.value.map(
      ({ id, level, text }) => html`<div class="toast" key=${id} data-level=${level}>
        <p><strong class="level">${LEVELS[level]}</strong> ${text}</p>
        <button type="button" class="icon" aria-label="Dismiss" onClick=${() => dismiss(id)}>×</button>
      </div>`,
    )}
  </div>`;
}
