// A modal <dialog>: Escape, the close button and a click beside it close it; the focus goes back by itself.

import { html, useEffect, useId, useRef } from "./vendor/vendor.js";

/** @param {{title: any, kind: string, onClose: () => void, children?: any}} props */
export function Dialog({ title, kind, onClose, children }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const titleId = useId();
  useEffect(() => {
    const dialog = /** @type {HTMLDialogElement} */ (element.current);
    const opener = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    };
  }, []);
  /** @param {MouseEvent} event */
  const closeBeside = (event) => {
    if (event.target === element.current) onClose();
  };
  /** @param {Event} event */
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${element} class=${`dialog is-${kind}`} aria-labelledby=${titleId} onCancel=${cancel} onClick=${closeBeside}>
    <div class="dialog-box">
      <div class="dialog-head">
        <h2 id=${titleId}>${title}</h2>
        <button type="button" class="icon" aria-label="Close" onClick=${onClose}>×</button>
      </div>
      ${children}
    </div>
  </dialog>`;
}
