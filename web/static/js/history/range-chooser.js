// Which time is shown: one of the ranges until now, or two moments of one's own.

import { html, useId, useState } from "../vendor/vendor.js";
import { OWN, RANGES, asOwn, fromInput, isOwn, ownFault, toInput, zone } from "./range.js";

/**
 * @param {{range: import("./range.js").Range, onChange: (range: import("./range.js").Range) => void}} props
 */
export function RangeChooser({ range, onChange }) {
  const name = useId();
  /** @type {(chosen: string) => void} */
  const choose = (chosen) => onChange(chosen === OWN ? asOwn(range, Date.now()) : { name: chosen });
  const options = [...RANGES, { name: OWN, label: "Own range", said: "two moments of your own" }];
  return html`
    <fieldset class="history-ranges">
      <legend class="visually-hidden">Time</legend>
      ${options.map(
        (option) => html`
          <label key=${option.name} title=${option.said}>
            <input
              type="radio"
              name=${name}
              value=${option.name}
              checked=${range.name === option.name}
              onChange=${() => choose(option.name)}
            />
            <span>${option.label}</span>
          </label>
        `,
      )}
    </fieldset>
  `;
}

/**
 * @param {{range: import("./range.js").OwnRange, onChange: (range: import("./range.js").Range) => void}} props
 */
export function OwnRangeForm({ range, onChange }) {
  const id = useId();
  const [from, setFrom] = useState(toInput(range.from_ms));
  const [to, setTo] = useState(toInput(range.to_ms));
  const own = { name: OWN, from_ms: fromInput(from), to_ms: fromInput(to) };
  const fault = ownFault(own.from_ms, own.to_ms);
  /** @type {(event: Event) => void} */
  const show = (event) => {
    event.preventDefault();
    if (!fault && isOwn(own)) onChange(own);
  };
  return html`
    <form class="history-own" onSubmit=${show}>
      <label>From <${Moment} value=${from} onInput=${setFrom} fault=${fault} id=${id} /></label>
      <label>to <${Moment} value=${to} onInput=${setTo} fault=${fault} id=${id} /></label>
      <button type="submit" class="button is-main" disabled=${fault !== ""}>Show</button>
      <p id=${id} role="status" class=${fault ? "history-fault" : "minor"}>${fault || `Times in ${zone()}`}</p>
    </form>
  `;
}

/** @param {{value: string, onInput: (value: string) => void, fault: string, id: string}} props */
function Moment({ value, onInput, fault, id }) {
  return html`
    <input
      type="datetime-local"
      value=${value}
      max="9999-12-31T23:59"
      aria-invalid=${fault ? "true" : undefined}
      aria-describedby=${id}
      onInput=${(/** @type {any} */ event) => onInput(event.currentTarget.value)}
    />
  `;
}
