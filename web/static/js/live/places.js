// Where the visitors of this moment are: pages, countries, companies, most visitors first.

import { html, useState } from "../vendor/vendor.js";
import { setFilter } from "../filters.js";
import { Flag } from "../flag.js";
import { count, country } from "../format.js";

const KINDS = /** @type {{name: FilterName, title: string}[]} */ ([
  { name: "page", title: "Pages" },
  { name: "country", title: "Countries" },
  { name: "company", title: "Companies" },
]);
const MAX_SHOWN = 20;

/** @param {{service: import("../service.js").Service, model: import("./model.js").LiveModel}} props */
export function Places({ service, model }) {
  const [kind, setKind] = useState(/** @type {FilterName} */ ("page"));
  const entries = model.counts.value[kind].slice(0, MAX_SHOWN);
  const most = Math.max(1, ...entries.map(({ visitors }) => visitors));
  /** @param {string} value */
  const narrow = (value) => {
    setFilter(kind, value);
  };
  return html`<section class="panel places" aria-labelledby="places-title">
    <div class="panel-head">
      <h2 id="places-title">Top</h2>
      <div class="kinds" role="group" aria-label="What is counted">
        ${KINDS.map(({ name, title }) => html`<button key=${name} type="button" class="kind" aria-pressed=${String(kind === name)} onClick=${() => setKind(name)}>${title}</button>`)}
      </div>
    </div>
    <div class="panel-body" tabindex="0" role="group" aria-labelledby="places-title">
      ${entries.length === 0 && html`<p class="quiet">Nobody to count.</p>`}
      <ol id="places">
        ${entries.map(
          ({ value, visitors }, place) => html`<li class="place" key=${place}>
            <span class="place-fill" style=${{ width: `${(100 * visitors) / most}%` }}></span>
            <button type="button" class="place-name" title=${value} onClick=${() => narrow(value)}>
              ${kind === "country" ? html`<${Flag} code=${value} />${country(value)}` : value}
            </button>
            <span class="place-count">${count(visitors)}</span>
          </li>`,
        )}
      </ol>
    </div>
  </section>`;
}
