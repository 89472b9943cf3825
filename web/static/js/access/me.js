// Who the reader is, as the service says it, and what follows from that. No DOM.

/**
 * @typedef {{id: string, name: string}} SiteName
 * @typedef {{
 *   mode: "open" | "required",
 *   needsSetup: boolean,
 *   user: {email: string, isOperator: boolean} | null,
 *   site: string,
 *   sites: SiteName[],
 *   may: Set<string>,
 * }} Me `may`: on `site`
 * @typedef {"snippet" | "keys" | "webhooks" | "watches" | "users" | "account"} PageId
 */

/** @type {{id: PageId, title: string}[]} */
const PAGES = [
  { id: "snippet", title: "Your pages" },
  { id: "keys", title: "Keys" },
  { id: "webhooks", title: "Webhooks" },
  { id: "watches", title: "Watch list" },
  { id: "users", title: "Users" },
  { id: "account", title: "Account" },
];

/**
 * @param {Json} data of `/api/auth/me`
 * @returns {Me}
 */
export function meOf(data) {
  const { mode, needsSetup, user, site, sites, may } = data ?? {};
  return {
    mode: mode === "required" ? "required" : "open",
    needsSetup: needsSetup === true,
    user: user ? { email: String(user.email), isOperator: user.isOperator === true } : null,
    site: String(site || "default"),
    sites: (Array.isArray(sites) ? sites : []).map(({ id, name }) => ({ id: String(id), name: String(name || id) })),
    may: new Set(Array.isArray(may) ? may : []),
  };
}

/** @param {Me} me */
export function mustLogIn(me) {
  return me.mode === "required" && me.user === null;
}

/** The pages of the settings that are of use to this reader. @param {Me} me */
export function pagesOf(me) {
  const isAdmin = me.may.has("admin");
  const shown = {
    snippet: true,
    keys: me.user !== null && isAdmin,
    webhooks: isAdmin,
    watches: isAdmin,
    users: me.user !== null && isAdmin,
    account: me.user !== null,
  };
  return PAGES.filter(({ id }) => shown[id]);
}

/**
 * The sites to choose from; none when there is no choice. The one that is looked at is always among them.
 * @param {Me} me
 * @param {string} current
 */
export function choicesOf(me, current) {
  if (me.user === null || me.sites.length < 2) return [];
  const isKnown = me.sites.some(({ id }) => id === current);
  return isKnown ? me.sites : [{ id: current, name: current }, ...me.sites];
}

/** The token of a setup link, or null. @param {string} hash of the address */
export function setupTokenOf(hash) {
  return /^#setup=([\w-]{1,200})$/.exec(hash)?.[1] ?? null;
}
