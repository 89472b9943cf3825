// The table as a file for spreadsheets.

const COLUMNS = [
  "Session", "Name", "Title", "E-mail", "Phone", "Company", "Domain", "Page", "Pages", "Country", "Device", "IP",
  "Opened at", "Last activity at", "Status",
];
// A spreadsheet runs a cell that begins with one of these, the full-width forms too.
const RUNS = /^[=+\-@\t\r\n\0＝＋－＠]/;

/** RFC 4180, every cell quoted, nothing that a spreadsheet would run. @param {VisitorRow[]} rows */
export function csvOf(rows) {
  return [COLUMNS, ...rows.map(cells)].map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** @param {VisitorRow} row */
function cells(row) {
  const { contact, company } = row;
  return [
    row.id, contact?.name, contact?.title, contact?.emails.join("; "), contact?.phones.join("; "), company?.name,
    company?.domain, row.page, row.pageCount, row.country, row.device, row.ip, iso(row.openedAt_ms),
    iso(row.lastActivityAt_ms), row.isIdle ? "idle" : "active",
  ];
}

/** @param {number} at_ms */
function iso(at_ms) {
  return Number.isFinite(at_ms) ? new Date(at_ms).toISOString() : "";
}

/** @param {string | number | null | undefined} value */
function quoted(value) {
  const text = String(value ?? "");
  return `"${(RUNS.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** Hand a file to the browser. @param {string} name @param {string} text */
export function saveAs(name, text) {
  // The mark at the front tells spreadsheets that it is UTF-8.
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
