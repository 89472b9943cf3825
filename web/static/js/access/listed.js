// A list that is asked for once and again after every change.

import { get } from "../api.js";
import { html, useCallback, useEffect, useState } from "../vendor/vendor.js";
import { problemOf } from "./texts.js";

/**
 * @param {string} path
 * @returns {{data: any, problem: string, reload: () => void}}
 */
export function useListed(path) {
  const [{ data, problem }, tell] = useState({ data: /** @type {any} */ (null), problem: "" });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    const abort = new AbortController();
    get(path, {}, abort.signal).then(
      (answer) => tell({ data: answer, problem: "" }),
      (error) => {
        if (!abort.signal.aborted) tell((before) => ({ ...before, problem: problemOf(error).message }));
      },
    );
    return () => abort.abort();
  }, [path, turn]);
  useEffect(() => {
    // What had the focus went with its entry: the reader goes on at the heading, not at the top of the page.
    if (turn > 0 && document.activeElement === document.body) document.getElementById("settings-title")?.focus();
  }, [data]);
  return { data, problem, reload };
}

/** What stands in the place of a list that is not there. @param {{problem: string, onRetry: () => void}} props */
export function Missing({ problem, onRetry }) {
  if (!problem) return html`<p class="access-hint" role="status">Loading…</p>`;
  return html`<div role="alert">
    <p class="problem">${problem}</p>
    <p class="access-actions"><button type="button" class="button" onClick=${onRetry}>Try again</button></p>
  </div>`;
}
