// The steps of a funnel: as text, and what became of the sessions. No DOM.

export const MAX_STEPS = 10;
export const MIN_STEPS = 2;

/** @typedef {{step: string, sessions: number}} Step one step of an answer */
/** @typedef {Step & {ofFirst: number | null, ofPrevious: number | null, lost: number}} Stage */

/**
 * The steps of an address; commas stand between them.
 * @param {string} text
 */
export function readSteps(text) {
  const steps = text.split(",").map((step) => step.trim());
  return steps.filter(Boolean).slice(0, MAX_STEPS);
}

/** @param {string[]} steps */
export function writeSteps(steps) {
  return steps.join(",");
}

/**
 * What is wrong with one step, as a sentence; "" when nothing is.
 * @param {string} step
 */
export function stepFault(step) {
  if (step.includes(",")) return "A step cannot contain a comma.";
  if (step.length > 200) return "A step has 200 characters at most.";
  return "";
}

/**
 * Steps as typed, without the empty ones and spaces around them.
 * @param {string[]} steps
 */
export function tidy(steps) {
  return steps.map((step) => step.trim()).filter(Boolean);
}

/**
 * The steps of an answer with what a reader wants to know of them: `ofFirst` and `ofPrevious`
 * (0 to 1, null where there is nobody to compare with), and `lost` since the step before.
 * @param {Step[]} steps
 * @returns {Stage[]}
 */
export function stages(steps) {
  return steps.map(({ step, sessions }, place) => {
    const first = steps[0].sessions;
    const previous = place === 0 ? sessions : steps[place - 1].sessions;
    return {
      step,
      sessions,
      ofFirst: first > 0 ? sessions / first : null,
      ofPrevious: previous > 0 ? sessions / previous : null,
      lost: previous - sessions,
    };
  });
}

/**
 * What a funnel may begin with: the two pages seen most, else a page and a type of event; [] when there is nothing.
 * @param {string[]} pages
 * @param {string[]} types
 */
export function suggestion(pages, types) {
  const usable = [...pages.slice(0, 2), ...types].filter((step) => !stepFault(step));
  return usable.length >= MIN_STEPS ? usable.slice(0, MIN_STEPS) : [];
}
