// The settings: how visitors get in here, who may send and who may look.

import { html, useEffect, useRef } from "../vendor/vendor.js";
import { go, hrefOf, search, site } from "../router.js";
import { parameter } from "../url.js";
import { account } from "./account.js";
import { AccountPage } from "./account-page.js";
import { KeysPage } from "./keys-page.js";
import { meOf, pagesOf } from "./me.js";
import { SnippetPage } from "./snippet-page.js";
import { UsersPage } from "./users-page.js";
import { WatchesPage } from "./watches-page.js";
import { WebhooksPage } from "./webhooks-page.js";

const COMPONENTS = {
  snippet: SnippetPage,
  keys: KeysPage,
  webhooks: WebhooksPage,
  watches: WatchesPage,
  users: UsersPage,
  account: AccountPage,
};

/** @param {{service: import("../service.js").Service}} props */
export default function SettingsView({ service }) {
  const me = account.value ?? meOf({});
  const pages = pagesOf(me);
  const wanted = parameter(search.value, "tab");
  const current = pages.find(({ id }) => id === wanted) ?? pages[0];
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  const wasHere = useRef(false);
  useEffect(() => {
    // The reader chose another page: that is where he reads on.
    if (wasHere.current) heading.current?.focus();
    wasHere.current = true;
  }, [current.id]);
  return html`<div class="access">
    ${
      pages.length > 1 &&
      html`<nav class="access-nav" aria-label="Settings">
        ${pages.map(({ id, title }) => html`<${NavLink} key=${id} id=${id} title=${title} isCurrent=${id === current.id} />`)}
      </nav>`
    }
    <section class="access-page" aria-labelledby="settings-title">
      <h2 id="settings-title" tabindex="-1" ref=${heading}>${current.title}</h2>
      <${COMPONENTS[current.id]} key=${`${current.id} ${site.value}`} me=${me} service=${service} />
    </section>
  </div>`;
}

/** @param {{id: string, title: string, isCurrent: boolean}} props */
function NavLink({ id, title, isCurrent }) {
  const changes = { tab: id };
  /** @param {MouseEvent} event */
  const open = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(changes);
  };
  return html`<a href=${hrefOf(changes)} aria-current=${isCurrent ? "page" : undefined} onClick=${open}>${title}</a>`;
}
