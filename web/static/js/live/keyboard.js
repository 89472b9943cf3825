// Where the keys of a grid lead. No DOM.

/** A cell: row 0 is the header, the first visitor is in row 1. @typedef {{row: number, column: number}} Cell */

/**
 * The cell after a key, or null when the key means nothing here.
 * @param {Cell} from
 * @param {{key: string, ctrlKey: boolean}} pressed
 * @param {{rows: number, columns: number, page: number}} size rows with the header; page: rows on one screen
 * @returns {Cell | null}
 */
export function moved(from, { key, ctrlKey }, { rows, columns, page }) {
  const to = { ...from };
  if (key === "ArrowDown") to.row += 1;
  else if (key === "ArrowUp") to.row -= 1;
  else if (key === "ArrowRight") to.column += 1;
  else if (key === "ArrowLeft") to.column -= 1;
  else if (key === "PageDown") to.row += page;
  else if (key === "PageUp") to.row -= page;
  else if (key === "Home" && ctrlKey) Object.assign(to, { row: 1, column: 0 });
  else if (key === "End" && ctrlKey) Object.assign(to, { row: rows - 1, column: columns - 1 });
  else if (key === "Home") to.column = 0;
  else if (key === "End") to.column = columns - 1;
  else return null;
  return { row: clamp(to.row, rows), column: clamp(to.column, columns) };
}

/** @param {number} value @param {number} length */
function clamp(value, length) {
  return Math.max(0, Math.min(length - 1, value));
}
