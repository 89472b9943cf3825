// Which site the page is about, and the ways to the others. Links: a list that leads away as soon as
// an arrow key touches it would be a trap.

import { html, useId, useRef, useState } from "../vendor/vendor.js";
import { site, view } from "../router.js";
import { changed } from "../url.js";
import { account } from "./account.js";
import { choicesOf } from "./me.js";

export function SiteSwitcher() {
  const me = account.value;
  const current = site.value ?? me?.site ?? "";
  const choices = me === null ? [] : choicesOf(me, current);
  if (choices.length === 0) return site.value && html`<span class="site">${site.value}</span>`;
  return html`<${Disclosure} choices=${choices} current=${current} />`;
}

/** @param {{choices: import("./me.js").SiteName[], current: string}} props */
function Disclosure({ choices, current }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const button = useRef(/** @type {HTMLElement | null} */ (null));
  /** @param {FocusEvent} event */
  const left = ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && box.current?.contains(relatedTarget))) setOpen(false);
  };
  /** @param {KeyboardEvent} event */
  const pressed = ({ key }) => {
    if (key !== "Escape" || !isOpen) return;
    setOpen(false);
    button.current?.focus();
  };
  return html`<div class="site-switcher" ref=${box} onFocusOut=${left} onKeyDown=${pressed}>
    <button type="button" class="choice" ref=${button} aria-expanded=${String(isOpen)} aria-controls=${isOpen ? id : undefined} onClick=${() => setOpen(!isOpen)}>
      <span class="visually-hidden">Site: </span><span class="site-name">${choices.find((choice) => choice.id === current)?.name}</span>
    </button>
    ${
      isOpen &&
      html`<ul class="site-list" id=${id} tabindex="-1">
        ${choices.map(
          (choice) => html`<li key=${choice.id}>
            <a href=${hrefOfSite(choice.id)} aria-current=${choice.id === current ? "true" : undefined}>${choice.name}</a>
          </li>`,
        )}
      </ul>`
    }
  </div>`;
}

/** A page of its own: nothing of the one site may be left over in what is shown of the other. @param {string} id */
function hrefOfSite(id) {
  return window.location.pathname + changed("", { site: id, view: view.value === "live" ? null : view.value });
}
