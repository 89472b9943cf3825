// The orders of the visitor table. No DOM.

const names = new Intl.Collator("en", { sensitivity: "base", numeric: true });

/** @type {Record<SortKey, (row: VisitorRow) => string | number | null>} */
const VALUES = {
  name: (row) => row.contact?.name ?? null,
  email: (row) => row.contact?.emails[0] ?? row.contact?.phones[0] ?? null,
  company: (row) => row.company?.name ?? null,
  page: (row) => row.page,
  country: (row) => row.country,
  openedAt: (row) => row.openedAt_ms || 0,
  lastActivityAt: (row) => row.lastActivityAt_ms || 0,
};

/** Newest visit first: it changes least of all orders, so it is where the table starts. */
/** @type {Sorting} */
export const DEFAULT_SORTING = { key: "openedAt", isDescending: true };

/**
 * The sorting after a click on a column: texts begin at A, times at the newest.
 * @param {Sorting} current
 * @param {SortKey} key
 * @returns {Sorting}
 */
export function sortedBy(current, key) {
  if (current.key === key) return { key, isDescending: !current.isDescending };
  return { key, isDescending: key === "openedAt" || key === "lastActivityAt" };
}

/**
 * Rows without a value are last either way; the newest visit and then the id settle a draw, so
 * that rows do not change places at random.
 * @param {Sorting} sorting
 * @returns {(a: VisitorRow, b: VisitorRow) => number}
 */
export function comparison({ key, isDescending }) {
  const valueOf = VALUES[key];
  const sign = isDescending ? -1 : 1;
  return (a, b) => {
    const left = valueOf(a);
    const right = valueOf(b);
    if (left !== right) {
      if (left === null) return 1;
      if (right === null) return -1;
      const difference =
        typeof left === "number" && typeof right === "number" ? left - right : names.compare(String(left), String(right));
      if (difference !== 0) return sign * difference;
    }
    return (b.openedAt_ms || 0) - (a.openedAt_ms || 0) || (a.id < b.id ? -1 : 1);
  };
}
