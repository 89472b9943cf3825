// What all panels have in common: a title, and what stands there while there is nothing to show.

import { html, useId } from "../vendor/vendor.js";

/**
 * A panel of one answer. While another question runs its old data stay, dimmed; an answer that fails
 * takes no other panel with it. `children(data)` draws the data.
 *
 * @param {{
 *   title: string,
 *   answer: import("./answer.js").Answer<any>,
 *   children: (data: any) => unknown,
 *   isEmpty?: (data: any) => boolean,
 *   empty?: unknown,
 *   aside?: unknown,
 *   above?: unknown,
 *   className?: string,
 * }} props `aside` stands in the head, `above` between it and the data, whatever there is to show
 */
export function Panel({ title, answer, children, isEmpty = () => false, empty, aside, above, className = "" }) {
  const id = useId();
  const { known } = answer;
  return html`
    <section
      class=${`panel history-panel ${className}`}
      aria-labelledby=${id}
      aria-busy=${known.isLoading && known.data === null ? "true" : undefined}
      data-stale=${known.isStale ? "" : undefined}
    >
      <div class="panel-head">
        <h2 id=${id}>${title}</h2>
        ${known.error && known.data !== null ? html`<${Late} answer=${answer} />` : aside}
      </div>
      ${above}
      ${body({ answer, children, isEmpty, empty })}
    </section>
  `;
}

/** @param {{answer: any, children: any, isEmpty: any, empty: any}} props */
function body({ answer, children, isEmpty, empty }) {
  const { known } = answer;
  if (known.data === null && known.error) return html`<${Failed} answer=${answer} />`;
  if (known.data === null) return html`<${Skeleton} />`;
  if (isEmpty(known.data)) return html`<div class="history-body"><${Message}>${empty}<//></div>`;
  return html`<div class="history-body">${children(known.data)}</div>`;
}

/** @param {{children?: unknown}} props */
export function Message({ children }) {
  return html`<div class="history-message">${children}</div>`;
}

/** @param {{answer: import("./answer.js").Answer<any>}} props */
export function Failed({ answer }) {
  const { known, retry } = answer;
  return html`
    <div class="history-body">
      <div class="history-message is-bad">
        <p class="message-title">${known.error}</p>
        <p>${known.isLoading ? "Asking again…" : "It is asked again by itself every few seconds."}</p>
        <button type="button" class="button is-small" onClick=${retry}>Try again</button>
      </div>
    </div>
  `;
}

/** @param {{answer: import("./answer.js").Answer<any>}} props */
function Late({ answer }) {
  return html`
    <p class="aside history-late" title=${answer.known.error}>
      <span>Not updated</span>
      <button type="button" class="button is-small" onClick=${answer.retry}>Try again</button>
    </p>
  `;
}

export function Skeleton() {
  return html`
    <div class="history-body">
      <p class="visually-hidden">Loading</p>
      <div class="history-skeleton" aria-hidden="true"></div>
    </div>
  `;
}
