// The visitor table: a grid of which only the rows in sight exist.

import { html, useLayoutEffect, useRef, useState } from "../vendor/vendor.js";
import { go } from "../router.js";
import { useFreezing } from "./freezing.js";
import { COLUMNS, Heads } from "./heads.js";
import { moved } from "./keyboard.js";
import { FRESH_MS, GroupRow, Row } from "./row.js";
import { useMedia, useVirtualRows } from "./virtual.js";

const ROW_PX = 52;
const CARD_PX = 68;
const HEAD_PX = 36;
/** More newcomers in sight than these, and marking each makes the whole table blink. */
const MAX_MARKED = 4;
/** More rows than fit on any screen: a place among so many is a place in the page. */
const SLOTS = 256;

/** @typedef {import("./keyboard.js").Cell} Cell */

/** @param {{service: import("../service.js").Service, model: import("./model.js").LiveModel}} props */
export function VisitorTable({ service, model }) {
  const scroller = useRef(/** @type {HTMLElement | null} */ (null));
  const isNarrow = useMedia("(max-width: 639px)");
  const frame = service.frame.value;
  const { items } = model.table.value;
  const row_px = isNarrow ? CARD_PX : ROW_PX;
  const virtualizer = useVirtualRows(scroller, items.length, row_px, isNarrow ? 0 : HEAD_PX);
  const [cell, setCell] = useActiveCell(items);
  useFreezing(scroller, model, service);
  useFocus(scroller, cell);
  const shown = virtualizer.getVirtualItems();
  // Where the cell of the reader is out of sight, Tab leads to the first row in sight.
  const tab = cell.row === 0 || shown.some(({ index }) => index === cell.row - 1) ? cell : { ...cell, row: (virtualizer.range?.startIndex ?? 0) + 1 };

  /** @param {Cell} to */
  const goTo = (to) => {
    if (to.row > 0) virtualizer.scrollToIndex(to.row - 1, { align: "auto" });
    setCell(to, true);
  };
  /** @param {TableItem} item */
  const open = (item) => {
    if (item.kind === "group") toggle(model, item.key);
    else openVisitor(service, item.id);
  };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    const size = { rows: items.length + 1, columns: COLUMNS.length, page: Math.floor((scroller.current?.clientHeight ?? 0) / row_px) || 1 };
    const to = moved(cell, event, size);
    const item = items[cell.row - 1];
    if (to) goTo(to);
    else if (event.key === "Enter" && item && !(event.target instanceof HTMLButtonElement)) open(item);
    else return;
    event.preventDefault();
  };
  /** @param {MouseEvent} event */
  const click = (event) => {
    const place = placeOf(event.target);
    if (place === null || place.row === 0) return;
    setCell(place, false);
    const isPart = event.target instanceof Element && event.target.closest("button");
    if (!isPart && !window.getSelection()?.toString()) open(items[place.row - 1]);
  };
  const isGrouped = items[0]?.kind === "group";
  const isBusy = freshOnes(shown.map(({ index }) => items[index]), frame) > MAX_MARKED;
  return html`<div class="scroller" id="scroller" ref=${scroller}>
    <table role="grid" aria-labelledby="visitors-title" aria-rowcount=${items.length + 1} aria-colcount=${COLUMNS.length} onKeyDown=${press}>
      <${Heads} model=${model} column=${tab.row === 0 ? tab.column : null} />
      <tbody role="rowgroup" class=${isBusy ? "is-busy" : ""} style=${{ height: `${virtualizer.getTotalSize()}px` }} onClick=${click}>
        ${shown.map(({ index, start }) => {
          const item = items[index];
          if (item === undefined) return null;
          const place = { index, top_px: start, column: tab.row === index + 1 ? tab.column : null };
          const key = index % SLOTS;
          if (item.kind === "group") return html`<${GroupRow} key=${`g${key}`} group=${item} place=${place} onToggle=${() => toggle(model, item.key)} />`;
          const row = frame.state.rows.get(item.id);
          return row && html`<${Row} key=${key} row=${row} place=${place} frame=${frame} isNested=${isGrouped} />`;
        })}
      </tbody>
    </table>
  </div>`;
}

/** @param {import("../service.js").Service} service @param {string} id */
export function openVisitor(service, id) {
  go({ visitor: id });
  service.track("open_visitor");
}

/** @param {import("./model.js").LiveModel} model @param {string} key */
function toggle(model, key) {
  const open = new Set(model.openGroups.value);
  if (!open.delete(key)) open.add(key);
  model.openGroups.value = open;
}

/** @param {(TableItem | undefined)[]} items @param {Frame} frame */
function freshOnes(items, { state, local_ms }) {
  const rows = items.map((item) => (item?.kind === "row" ? state.rows.get(item.id) : undefined));
  return rows.filter((row) => row && row.arrivedAt_ms !== null && local_ms - row.arrivedAt_ms < FRESH_MS).length;
}

/** @param {TableItem} item */
const keyOf = (item) => (item.kind === "row" ? item.id : `group ${item.key}`);

/**
 * The cell that Tab leads to. It belongs to a visitor, not to a place: it moves with them, and stays
 * where it is when they leave.
 * @param {TableItem[]} items
 * @returns {[Cell & {moves: number}, (to: Cell, isFocus: boolean) => void]}
 */
function useActiveCell(items) {
  const [active, setActive] = useState({ key: /** @type {string | null} */ (null), row: 1, column: 0, moves: 0 });
  const found = active.key === null ? -1 : items[active.row - 1] && keyOf(items[active.row - 1]) === active.key ? active.row - 1 : items.findIndex((item) => keyOf(item) === active.key);
  const row = found >= 0 ? found + 1 : Math.min(active.row, items.length);
  return [
    { row, column: active.column, moves: active.moves },
    (to, isFocus) => {
      const item = items[to.row - 1];
      setActive({ ...to, key: item ? keyOf(item) : null, moves: active.moves + Number(isFocus) });
    },
  ];
}

/**
 * The focus follows the active cell: after a key, and when the visitor who has it changes places.
 * @param {{current: HTMLElement | null}} scroller
 * @param {Cell & {moves: number}} cell moves counts up with every key that led somewhere
 */
function useFocus(scroller, cell) {
  const followed = useRef(cell.moves);
  useLayoutEffect(() => {
    const hasMoved = followed.current !== cell.moves;
    const focused = document.activeElement;
    const isInside = focused instanceof HTMLElement && scroller.current?.contains(focused) && focused !== scroller.current;
    if (!hasMoved && !isInside) return;
    const place = isInside ? placeOf(focused) : null;
    if (!hasMoved && place?.row === cell.row && place.column === cell.column) return;
    const row = scroller.current?.querySelector(`tr[data-index="${cell.row - 1}"]`);
    const target = row?.querySelector(`[data-column="${cell.column}"]`) ?? row?.querySelector("[data-column]");
    const part = target?.querySelector("button") ?? target;
    if (!(part instanceof HTMLElement)) return; // Not in the page before the next drawing.
    followed.current = cell.moves;
    part.focus({ preventScroll: true });
  });
}

/** @param {EventTarget | null} target @returns {Cell | null} */
function placeOf(target) {
  const row = target instanceof Element ? target.closest("tr") : null;
  if (!(target instanceof Element) || row === null) return null;
  const cell = target.closest("[data-column]");
  return { row: Number(row.dataset.index) + 1, column: cell instanceof HTMLElement ? Number(cell.dataset.column) : 0 };
}
