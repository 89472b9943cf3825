// Visitors by company. No DOM.

export const NO_COMPANY = "";

/**
 * Rows in their order, gathered under their companies: most people first, then by name; those of
 * whom no company is known come last.
 * @param {VisitorRow[]} rows
 * @returns {{key: string, name: string, domain: string | null, ids: string[]}[]}
 */
export function byCompany(rows) {
  /** @type {Map<string, {key: string, name: string, domain: string | null, ids: string[]}>} */
  const groups = new Map();
  for (const { id, company } of rows) {
    const key = company ? (company.guid ?? company.name) : NO_COMPANY;
    const group = groups.get(key);
    if (group) group.ids.push(id);
    else groups.set(key, { key, name: company?.name ?? "", domain: company?.domain ?? null, ids: [id] });
  }
  return [...groups.values()].sort(
    (a, b) =>
      Number(a.key === NO_COMPANY) - Number(b.key === NO_COMPANY) ||
      b.ids.length - a.ids.length ||
      (a.name < b.name ? -1 : 1),
  );
}

/**
 * How often each value occurs among the rows, most frequent first.
 * @param {Iterable<VisitorRow>} rows
 * @param {(row: VisitorRow) => string | null | undefined} valueOf
 * @returns {{value: string, visitors: number}[]}
 */
export function counted(rows, valueOf) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const row of rows) {
    const value = valueOf(row);
    if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, visitors]) => ({ value, visitors }))
    .sort((a, b) => b.visitors - a.visitors || (a.value < b.value ? -1 : 1));
}
