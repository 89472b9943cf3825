// One row of the visitor table. Rows are reused for other visitors as they move, so nothing of a
// visitor is kept in them.

import { html } from "../vendor/vendor.js";
import { setFilter } from "../filters.js";
import { Flag } from "../flag.js";
import { country, elapsed, NOTHING, plural } from "../format.js";
import { NO_COMPANY } from "./grouping.js";

export const FRESH_MS = 2_500;
const NO_CONTACT = new Map([
  ["pending", "Looking up…"],
  ["failed", "Lookup failed, will be tried again"],
  ["skipped", "Not looked up"],
]);

/** What stands where a contact's name would be. @param {VisitorRow} row */
export function nameOf(row) {
  if (row.contact) return row.contact.name;
  if (row.company) return "Contact unknown";
  return NO_CONTACT.get(row.enrichment ?? "") ?? "Unknown visitor";
}

/** @param {string[]} list */
const firstOf = (list) => (list.length > 1 ? `${list[0]} +${list.length - 1}` : list[0]);

/**
 * @typedef {object} Place where a row is
 * @property {number} index
 * @property {number} top_px
 * @property {number | null} column the cell that Tab leads to, when it is in this row
 */

/** @param {{row: VisitorRow, place: Place, frame: Frame, isNested: boolean}} props */
export function Row({ row, place, frame, isNested }) {
  const { contact, company } = row;
  const isFresh = row.arrivedAt_ms !== null && frame.local_ms - row.arrivedAt_ms < FRESH_MS;
  const cell = cells(place);
  return html`<tr
    role="row"
    class=${`visitor${isFresh ? " is-fresh" : ""}${isNested ? " is-nested" : ""}${row.country ? " has-country" : ""}`}
    aria-rowindex=${place.index + 2}
    data-index=${place.index}
    style=${{ top: `${place.top_px}px` }}
  >
    <td ...${cell("person", 0)}>
      <${Line} text=${nameOf(row)} kind=${contact ? "strong" : "unknown"} />
      <${Line} text=${contact?.title} kind="minor" />
    </td>
    <td ...${cell("company", 1)}>
      <${Narrow} name="company" value=${company?.name} tab=${place.column === 1} />
      <${Line} text=${company?.domain} kind="minor" />
    </td>
    <td ...${cell("reach", 2)}>
      <${Line} text=${firstOf(contact?.emails ?? [])} whole=${contact?.emails.join(", ")} />
      <${Line} text=${firstOf(contact?.phones ?? [])} whole=${contact?.phones.join(", ")} kind="minor" />
      ${!contact?.emails.length && !contact?.phones.length && html`<span class="is-missing">${NOTHING}</span>`}
    </td>
    <td ...${cell("page", 3)}><${Narrow} name="page" value=${row.page} tab=${place.column === 3} /></td>
    <td ...${cell("origin", 4)}>
      ${row.country && html`<${Narrow} name="country" value=${row.country} tab=${place.column === 4} />`}
      <${Line} text=${row.ip ?? (row.country ? "" : NOTHING)} kind="minor" />
    </td>
    <td ...${cell("opened", 5)}>${elapsed(row.openedAt_ms, frame.now_ms)}</td>
    <td ...${cell("activity", 6)}>
      <span class=${row.isIdle ? "status is-idle" : "status"}>${row.isIdle ? "Idle" : "Active"}</span>
      <span class="line is-minor ago">${elapsed(row.lastActivityAt_ms, frame.now_ms)} ago</span>
    </td>
  </tr>`;
}

/** @param {{group: GroupItem, place: Place, onToggle: () => void}} props */
export function GroupRow({ group, place, onToggle }) {
  const people = plural(group.ids.length, "person", "people");
  const isUnknown = group.key === NO_COMPANY;
  return html`<tr
    role="row"
    class="group"
    aria-rowindex=${place.index + 2}
    data-index=${place.index}
    style=${{ top: `${place.top_px}px` }}
  >
    <td role="gridcell" colspan="7" aria-colspan="7" aria-colindex="1" class="cell-group" data-column="0">
      <button type="button" class="group-name" tabindex=${place.column === null ? -1 : 0} aria-expanded=${String(group.isOpen)} onClick=${onToggle}>
        <span class="arrow" aria-hidden="true"></span>
        ${isUnknown ? html`<span>${plural(group.ids.length, "visitor")} of no known company</span>` : html`<span><span class="count">${people}</span> from <strong>${group.name}</strong></span>`}
      </button>
      ${group.domain && html`<span class="minor">${group.domain}</span>`}
    </td>
  </tr>`;
}

/** @param {Place} place */
function cells(place) {
  return (/** @type {string} */ name, /** @type {number} */ column) => ({
    role: "gridcell",
    class: `cell-${name}`,
    "data-column": column,
    "aria-colindex": column + 1,
    tabindex: place.column === column ? 0 : -1,
  });
}

/** A line that may be cut off on the screen: the whole of it is in the tooltip. @param {{text?: string | null, whole?: string, kind?: string}} props */
function Line({ text, whole, kind = "" }) {
  if (!text) return null;
  return html`<span class=${`line is-${kind}`} title=${whole ?? text}>${text}</span>`;
}

const TITLES = { country: "Only this country", page: "Only this page", company: "Only this company" };

/** A value that narrows the view to itself. @param {{name: FilterName, value?: string | null, tab: boolean}} props */
function Narrow({ name, value, tab }) {
  if (!value) return html`<span class="is-missing">${NOTHING}</span>`;
  const text = name === "country" ? country(value) : value;
  /** @param {MouseEvent} event */
  const narrow = (event) => {
    event.stopPropagation();
    setFilter(name, value);
  };
  return html`<button type="button" class=${`narrow is-${name}`} tabindex=${tab ? 0 : -1} title=${`${text} – ${TITLES[name].toLowerCase()}`} onClick=${narrow}>
    ${name === "country" && html`<${Flag} code=${value} />`}${text}
  </button>`;
}
