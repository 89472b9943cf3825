// The parts that all forms of this folder are made of.

import { html, useEffect, useId, useRef, useState } from "../vendor/vendor.js";
import { problemOf } from "./texts.js";

/**
 * A labelled input with a hint and, when something is wrong, why.
 * @param {{label: string, value: string, onInput: (value: string) => void, fault?: string, hint?: any, lines?: number, isFirst?: boolean, [attribute: string]: any}} props
 */
export function Field({ label, value, onInput, fault = "", hint = "", lines = 1, isFirst = false, ...attributes }) {
  const id = useId();
  const element = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (isFirst) element.current?.focus();
  }, []);
  const described = [fault && `${id}-fault`, hint && `${id}-hint`].filter(Boolean).join(" ") || undefined;
  const tag = lines > 1 ? "textarea" : "input";
  return html`<div class="access-field">
    <label for=${id}>${label}</label>
    <${tag}
      id=${id}
      ref=${element}
      value=${value}
      rows=${lines > 1 ? lines : undefined}
      aria-invalid=${fault ? "true" : undefined}
      aria-describedby=${described}
      onInput=${(/** @type {any} */ event) => onInput(event.currentTarget.value)}
      ...${attributes}
    />
    ${fault && html`<p class="access-fault" id=${`${id}-fault`}>${fault}</p>`}
    ${hint && html`<p class="access-hint" id=${`${id}-hint`}>${hint}</p>`}
  </div>`;
}

/**
 * Any of a few things, one at least.
 * @param {{legend: string, choices: {id: string, title: string, detail: string}[], chosen: string[], onChange: (chosen: string[]) => void}} props
 */
export function Choices({ legend, choices, chosen, onChange }) {
  /** @param {string} id */
  const toggle = (id) => onChange(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return html`<fieldset class="access-scopes">
    <legend>${legend}</legend>
    ${choices.map(
      ({ id, title, detail }) => html`<label key=${id}>
        <input type="checkbox" checked=${chosen.includes(id)} onChange=${() => toggle(id)} />
        <span><strong>${title}</strong><br />${detail}</span>
      </label>`,
    )}
    ${chosen.length === 0 && html`<p class="access-fault">Choose at least one</p>`}
  </fieldset>`;
}

/** The end of a form in a dialog. @param {{action: string, isDisabled: boolean, onClose: () => void}} props */
export function FormActions({ action, isDisabled, onClose }) {
  return html`<div class="dialog-actions">
    <button type="button" class="button" onClick=${onClose}>Cancel</button>
    <button class="button is-main" disabled=${isDisabled}>${action}</button>
  </div>`;
}

/** What went wrong with a form as a whole. @param {{text: string}} props */
export function Problem({ text }) {
  return html`<div role="alert">${text && html`<p class="problem">${text}</p>`}</div>`;
}

const NONE = { message: "", fields: /** @type {Record<string, string>} */ ({}) };

/**
 * Sending a form: one at a time, and what the service has against it.
 * @param {() => Promise<void>} send
 * @param {string[]} [shown] fields of the form that show what the service says of them
 */
export function useSending(send, shown) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState(NONE);
  const isThere = useRef(true);
  const form = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => () => void (isThere.current = false), []);
  useEffect(() => {
    // Said to those who do not see it, too: with the field its fault is read out.
    const wrong = form.current?.querySelector('[aria-invalid="true"]');
    if (problem !== NONE && wrong instanceof HTMLElement) wrong.focus();
  }, [problem]);
  /** @param {Event} [event] */
  const submit = async (event) => {
    event?.preventDefault();
    if (isBusy) return;
    form.current = event?.currentTarget instanceof HTMLElement ? event.currentTarget : null;
    setBusy(true);
    setProblem(NONE);
    try {
      await send();
    } catch (error) {
      if (isThere.current) setProblem(problemOf(error, shown));
    }
    if (isThere.current) setBusy(false);
  };
  return { isBusy, problem, submit };
}

/** A text to take away, and the button for it. @param {{text: string, label: string, what: string}} props */
export function Copyable({ text, label, what }) {
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  const [note, setNote] = useState("");
  useEffect(() => setNote(""), [text]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setNote("Copied");
    } catch {
      // Without HTTPS, or when it is forbidden: the reader copies what is selected.
      if (element.current) window.getSelection()?.selectAllChildren(element.current);
      setNote("Selected: press Ctrl+C or ⌘C to copy");
    }
  };
  return html`<div class="access-copyable">
    <pre class="access-text" tabindex="0" role="region" aria-label=${label}><code ref=${element}>${text}</code></pre>
    <div class="access-copy">
      <button type="button" class="button is-main" onClick=${copy}>Copy ${what}</button>
      <span role="status" class="access-hint">${note}</span>
    </div>
  </div>`;
}
