// What is said about webhooks and watch lists. No DOM.

/** What a webhook may hear of. */
export const HOOK_EVENTS = [
  { id: "visit.identified", title: "Identified visits", detail: "Once a visit, when it is known which company it is." },
  { id: "watch.matched", title: "Watch list", detail: "When somebody comes whom the watch list names." },
  { id: "alert", title: "Alerts", detail: "Spikes, milestones, and what goes wrong with the service." },
];

/** What a rule of the watch list looks at. */
export const WATCH_KINDS = [
  { id: "domain", title: "Domain", hint: "acme.com, or *.acme.com for all below it. Of the company's website or of the contact's address." },
  { id: "company", title: "Company", hint: "A part of the company's name." },
  { id: "country", title: "Country", hint: "The code of two letters, like DE." },
  { id: "page", title: "Page", hint: "How the page begins, like /pricing. Pages seen until it is known who it is." },
];

/** @type {Record<string, string>} */
const REASONS = {
  status: "it answered with a failure",
  redirect: "it answered with a redirect, which is not followed",
  gone: "it says that it is gone",
  timeout: "it did not answer in time",
  connection: "it could not be connected to",
  tls: "its certificate is not good",
  name: "its host has no address",
  forbidden: "its address leads where nothing may be sent",
  too_old: "it waited too long",
};

/** The part of an address that people tell it by. @param {string} url */
export function hostOf(url) {
  try {
    return new URL(url).host || url;
  } catch {
    return url;
  }
}

/** @param {{status: number | null, reason: string | null}} tried */
function reasonText({ status, reason }) {
  const text = REASONS[reason ?? ""] ?? "something went wrong";
  return status === null ? text : `${text} (${status})`;
}

/** What became of a test. @param {{delivered: boolean, status: number | null, reason: string | null}} trial */
export function trialText(trial) {
  return trial.delivered ? `The test was taken (${trial.status}).` : `The test was not taken: ${reasonText(trial)}.`;
}

/** How far a message has come. @param {{state: string, tries: number, status: number | null, reason: string | null}} one */
export function stateText(one) {
  if (one.state === "delivered") return "Delivered";
  if (one.state === "dead") return `Given up: ${reasonText(one)}`;
  return one.tries === 0 ? "Waiting" : `Waiting after ${one.tries === 1 ? "a try" : `${one.tries} tries`}: ${reasonText(one)}`;
}
