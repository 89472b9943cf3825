// The heads of the table's columns: each sorts.

import { html } from "../vendor/vendor.js";
import { sortedBy } from "./sorting.js";

/** @type {{name: string, title: string, key: SortKey}[]} */
export const COLUMNS = [
  { name: "person", title: "Visitor", key: "name" },
  { name: "company", title: "Company", key: "company" },
  { name: "reach", title: "E-mail, phone", key: "email" },
  { name: "page", title: "Page", key: "page" },
  { name: "origin", title: "Country, IP", key: "country" },
  { name: "opened", title: "On site", key: "openedAt" },
  { name: "activity", title: "Last activity", key: "lastActivityAt" },
];

/** @param {{model: import("./model.js").LiveModel, column: number | null}} props column: the one that Tab leads to, if any */
export function Heads({ model, column }) {
  const sorting = model.sorting.value;
  return html`<thead role="rowgroup">
    <tr role="row" class="heads" aria-rowindex="1" data-index="-1">
      ${COLUMNS.map(({ name, title, key }, place) => {
        const isSorted = sorting.key === key;
        const direction = sorting.isDescending ? "descending" : "ascending";
        return html`<th
          key=${name}
          role="columnheader"
          scope="col"
          class=${`cell-${name}`}
          data-column=${place}
          aria-colindex=${place + 1}
          aria-sort=${isSorted ? direction : undefined}
        >
          <button type="button" class="sort" tabindex=${column === place ? 0 : -1} onClick=${() => {
            model.sorting.value = sortedBy(sorting, key);
          }}>${title}<span class="sort-arrow" aria-hidden="true" data-direction=${isSorted ? direction : undefined}></span></button>
        </th>`;
      })}
    </tr>
  </thead>`;
}
