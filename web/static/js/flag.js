// A country's flag, or its two letters where the computer draws no flags.

import { html } from "./vendor/vendor.js";
import { flag } from "./format.js";

/** Without a picture for it the browser draws two signs side by side, as wide as both. */
function hasFlags() {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return false;
  context.font = "32px sans-serif";
  const [letters, apart] = ["🇩🇪", "🇩\u200b🇪"].map((text) => context.measureText(text).width);
  return letters < 0.8 * apart;
}

const drawsFlags = hasFlags();

/** @param {{code: string | null}} props */
export function Flag({ code }) {
  if (!code || !/^[A-Za-z]{2}$/.test(code)) return null;
  if (drawsFlags) return html`<span class="flag" aria-hidden="true">${flag(code)}</span>`;
  return html`<span class="flag is-code" aria-hidden="true">${code.toUpperCase()}</span>`;
}
