// The filters that narrow the view, each with a way out.

import { html } from "../vendor/vendor.js";
import { label } from "./bars.js";
import { filterLabel } from "./state.js";

/**
 * @param {{filters: {name: string, value: string}[], onRemove: (name: string) => void, onClear: () => void}} props
 */
export function Chips({ filters, onRemove, onClear }) {
  return html`
    <ul class="history-chips" aria-label="Filters">
      ${filters.map(
        ({ name, value }) => html`
          <li key=${name} class="history-chip">
            <span class="minor">${filterLabel(name)}</span>
            <span class="history-chip-value" title=${value}>${label(name, value)}</span>
            <button
              type="button"
              aria-label=${`Remove the filter ${filterLabel(name)}: ${label(name, value)}`}
              onClick=${() => onRemove(name)}
            >
              <${Cross} />
            </button>
          </li>
        `,
      )}
      ${filters.length > 1 && html`<li><button type="button" class="history-plain" onClick=${onClear}>Clear all</button></li>`}
    </ul>
  `;
}

export function Cross() {
  return html`
    <svg class="history-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d="M4.5 4.5l7 7M11.5 4.5l-7 7" />
    </svg>
  `;
}
