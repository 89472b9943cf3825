// How many sessions take steps in an order, which the reader chooses.

import { NOTHING, count } from "../format.js";
import { html, useEffect, useId, useState } from "../vendor/vendor.js";
import { useAnswer } from "./answer.js";
import { Cross } from "./chips.js";
import { share, word } from "./numbers.js";
import { Failed } from "./panel.js";
import { MAX_STEPS, MIN_STEPS, stages, stepFault, suggestion, tidy, writeSteps } from "./steps.js";

/** @typedef {{pages: string[], types: string[]}} Known values of which steps are suggested */

/**
 * @param {{
 *   asks: import("./view.js").Asks,
 *   steps: string[],
 *   known: Known,
 *   isNarrowed: boolean,
 *   onSteps: (steps: string[]) => void,
 * }} props `isNarrowed`: there is a filter that does not count here
 */
export function FunnelPanel({ asks, steps, known, isNarrowed, onSteps }) {
  const isAsked = steps.length >= MIN_STEPS && steps.every((step) => !stepFault(step));
  const answer = useAnswer(isAsked ? asks.requests.funnel() : null, asks.beat);
  const [draft, setDraft] = useDraft(steps);
  const ids = { title: useId(), list: useId(), fault: useId() };
  const fault = draft.map(stepFault).find(Boolean) ?? "";
  const isStale = answer.known.isStale || !isAsked;
  const found = isAsked && answer.known.data ? stages(answer.known.data.steps) : [];
  /** @type {(next: string[]) => void} */
  const change = (next) => {
    setDraft(next);
    if (!next.some(stepFault) && writeSteps(tidy(next)) !== writeSteps(steps)) onSteps(tidy(next));
  };
  const suggested = draft.some((step) => step.trim()) ? [] : suggestion(known.pages, known.types);
  return html`
    <section class="panel history-panel history-funnel" aria-labelledby=${ids.title} data-stale=${isStale && isAsked ? "" : undefined}>
      <div class="panel-head">
        <h2 id=${ids.title}>Funnel</h2>
        <p class="aside">${isNarrowed ? "Filters by type and page do not count here" : "Sessions that do this in this order"}</p>
      </div>
      <datalist id=${ids.list}>
        ${[...new Set([...known.pages, ...known.types])].map((value) => html`<option key=${value} value=${value}></option>`)}
      </datalist>
      <div class="history-body">
        <ol class="history-steps">
          ${draft.map((step, place) => {
            const at = tidy(draft.slice(0, place)).length;
            return html`
              <${StepRow}
                key=${place}
                place=${place}
                step=${step}
                stage=${found[at]?.step === step.trim() ? found[at] : null}
                isFirst=${at === 0}
                ids=${ids}
                onInput=${(/** @type {string} */ value) => setDraft(draft.with(place, value))}
                onCommit=${() => change(draft)}
                onRemove=${draft.length > MIN_STEPS ? () => change(draft.toSpliced(place, 1)) : null}
              />
            `;
          })}
        </ol>
        <div class="history-actions">
          ${draft.length < MAX_STEPS && html`<button type="button" class="button is-small" onClick=${() => setDraft([...draft, ""])}>Add a step</button>`}
          ${suggested.length > 0 &&
          html`<button type="button" class="button is-small" onClick=${() => change(suggested)}>Try <code>${suggested[0]}</code> → <code>${suggested[1]}</code></button>`}
          <p id=${ids.fault} role="status" class=${fault ? "history-fault" : "minor"}>${fault || hint(tidy(draft))}</p>
        </div>
      </div>
      ${isAsked && answer.known.error && html`<${Failed} answer=${answer} />`}
    </section>
  `;
}

/**
 * What is typed, until it counts; the address wins when it changes by itself.
 * @param {string[]} steps
 * @returns {[string[], (steps: string[]) => void]}
 */
function useDraft(steps) {
  const [draft, setDraft] = useState(padded(steps));
  useEffect(() => {
    if (writeSteps(tidy(draft)) !== writeSteps(steps)) setDraft(padded(steps));
  }, [writeSteps(steps)]);
  return [draft, setDraft];
}

/** @param {string[]} steps */
function padded(steps) {
  const missing = Math.max(0, MIN_STEPS - steps.length);
  return [...steps, ...Array(missing).fill("")];
}

/** @param {string[]} steps */
function hint(steps) {
  if (steps.length >= MIN_STEPS) return "";
  return "Choose two steps or more: pages like /pricing, or event types like signup.";
}

/**
 * @param {{
 *   place: number, step: string, stage: import("./steps.js").Stage | null, isFirst: boolean,
 *   ids: {list: string, fault: string},
 *   onInput: (value: string) => void, onCommit: () => void, onRemove: (() => void) | null,
 * }} props
 */
function StepRow({ place, step, stage, isFirst, ids, onInput, onCommit, onRemove }) {
  return html`
    <li class="history-step">
      <input
        type="text"
        value=${step}
        list=${ids.list}
        maxlength="200"
        autocomplete="off"
        spellcheck=${false}
        placeholder="/page or event type"
        aria-label=${`Step ${place + 1}`}
        aria-invalid=${stepFault(step) ? "true" : undefined}
        aria-describedby=${ids.fault}
        onInput=${(/** @type {any} */ event) => onInput(event.currentTarget.value)}
        onChange=${onCommit}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && onCommit()}
      />
      <${Outcome} stage=${stage} isFirst=${isFirst} />
      <button
        type="button"
        class="history-remove"
        aria-label=${`Remove step ${place + 1}`}
        disabled=${onRemove === null}
        onClick=${onRemove}
      >
        <${Cross} />
      </button>
    </li>
  `;
}

/** @param {{stage: import("./steps.js").Stage | null, isFirst: boolean}} props */
function Outcome({ stage, isFirst }) {
  const width = `${(stage?.ofFirst ?? 0) * 100}%`;
  return html`
    <div class="history-stage">
      <span class="history-stage-bar" aria-hidden="true"><span style=${{ width }}></span></span>
      <strong>${stage ? count(stage.sessions) : NOTHING}<span class="visually-hidden"> ${word(stage?.sessions ?? 0, "session")}, </span></strong>
      <span class="history-stage-rate">
        ${stage && !isFirst && html`${share(stage.ofPrevious)} <span class="minor">of the step before</span>`}
        ${stage && isFirst && html`<span class="minor">begin here</span>`}
      </span>
      <span class="history-stage-rate is-overall">
        ${stage && !isFirst && html`${share(stage.ofFirst)} <span class="minor">of all</span>`}
      </span>
    </div>
  `;
}
