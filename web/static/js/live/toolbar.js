// What the reader asks of the table: search, filters, groups, a file.

import { html, useRef } from "../vendor/vendor.js";
import { clearFilters, filters, isFiltered, setFilter } from "../filters.js";
import { country } from "../format.js";
import { grouped } from "../prefs.js";
import { csvOf, saveAs } from "./csv.js";
import { COLUMNS } from "./heads.js";

const NAMES = { country: "Country", page: "Page", company: "Company" };
const MAX_OPTIONS = 100;
const FILTERS = /** @type {FilterName[]} */ (["country", "page", "company"]);

/** @typedef {{service: import("../service.js").Service, model: import("./model.js").LiveModel}} Props */

/** @param {Props} props */
export function Toolbar({ service, model }) {
  const group = () => {
    grouped.value = !grouped.value;
    service.track("group", { on: grouped.value });
  };
  const save = () => {
    const { state } = service;
    const ids = model.table.value.items.flatMap((item) => (item.kind === "row" ? item.id : item.isOpen ? [] : item.ids));
    saveAs("visitors.csv", csvOf(ids.flatMap((id) => state.rows.get(id) ?? [])));
    service.track("export", { rows: ids.length });
  };
  return html`<div class="toolbar" role="search" aria-label="Visitors">
    <input
      type="search"
      class="search"
      id="search"
      placeholder="Search visitors"
      aria-label="Search by company, name, e-mail, page, IP or country"
      maxlength="200"
      autocomplete="off"
      spellcheck="false"
      value=${model.query.value}
      onInput=${(/** @type {any} */ event) => {
        model.query.value = event.target.value;
      }}
    />
    ${FILTERS.map((name) => html`<${FilterSelect} key=${name} name=${name} service=${service} model=${model} />`)}
    <${SortSelect} model=${model} />
    <button type="button" class="button" aria-pressed=${String(grouped.value)} onClick=${group}>Group by company</button>
    <button type="button" class="button is-export" onClick=${save}>Export CSV</button>
  </div>`;
}

/** @param {Props & {name: FilterName}} props */
function FilterSelect({ service, model, name }) {
  const element = useRef(/** @type {HTMLSelectElement | null} */ (null));
  const known = useRef(/** @type {string[]} */ ([]));
  const chosen = filters[name].value;
  const now = model.counts.value[name].slice(0, MAX_OPTIONS).map(({ value }) => value);
  // A list that changes while somebody chooses from it leads to the wrong choice.
  if (document.activeElement !== element.current || element.current === null) known.current = now;
  const options = known.current.filter((value) => value !== chosen);
  return html`<select
    ref=${element}
    class="choice"
    aria-label=${NAMES[name]}
    data-filter=${name}
    data-is-set=${chosen ? "" : undefined}
    value=${chosen ?? ""}
    onChange=${(/** @type {any} */ event) => {
      setFilter(name, event.target.value);
    }}
  >
    <option value="">${chosen ? `Any ${NAMES[name].toLowerCase()}` : NAMES[name]}</option>
    ${chosen && html`<option value=${chosen}>${label(name, chosen)}</option>`}
    ${options.map((value) => html`<option key=${value} value=${value}>${label(name, value)}</option>`)}
  </select>`;
}

/** Cards have no heads to click on. @param {{model: import("./model.js").LiveModel}} props */
function SortSelect({ model }) {
  return html`<select
    class="choice is-sorting"
    aria-label="Sort by"
    value=${model.sorting.value.key}
    onChange=${(/** @type {any} */ event) => {
      const key = /** @type {SortKey} */ (event.target.value);
      model.sorting.value = { key, isDescending: key === "openedAt" || key === "lastActivityAt" };
    }}
  >
    ${COLUMNS.map(({ title, key }) => html`<option key=${key} value=${key}>Sort: ${title}</option>`)}
  </select>`;
}

/** The filters that are set, each with a way out. */
export function Chips() {
  if (!isFiltered.value) return null;
  return html`<div class="chips" role="group" aria-label="Filters">
    ${FILTERS.filter((name) => filters[name].value).map((name) => {
      const value = /** @type {string} */ (filters[name].value);
      const text = label(name, value);
      return html`<button key=${name} type="button" class="chip" aria-label=${`Remove the filter ${NAMES[name]}: ${text}`} onClick=${() => setFilter(name, null)}>
        <span class="chip-name">${NAMES[name]}</span> <span class="chip-value">${text}</span> <span aria-hidden="true">×</span>
      </button>`;
    })}
    <button type="button" class="chip is-clear" onClick=${clearFilters}>Clear filters</button>
  </div>`;
}

/** @param {FilterName} name @param {string} value */
function label(name, value) {
  return name === "country" ? country(value) : value;
}
