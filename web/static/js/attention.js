// A short sound and the browser's own notifications. Both are off until the reader turns them on.

import { notifications, sound } from "./prefs.js";

/** @type {AudioContext | null} */
let audio = null;

/** Two soft notes; nothing when sound is off or the browser wants a click first. */
export function chime() {
  if (!sound.value) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume().catch(() => {});
  [660, 880].forEach((frequency_hz, place) => note(/** @type {AudioContext} */ (audio), frequency_hz, place * 0.09));
}

/** @param {AudioContext} context @param {number} frequency_hz @param {number} after_s */
function note(context, frequency_hz, after_s) {
  const start_s = context.currentTime + after_s;
  const tone = new OscillatorNode(context, { type: "sine", frequency: frequency_hz });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.linearRampToValueAtTime(0.06, start_s + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start_s + 0.35);
  tone.connect(volume).connect(context.destination);
  tone.start(start_s);
  tone.stop(start_s + 0.4);
}

/** @param {string} title @param {string} text */
export function notify(title, text) {
  // Somebody who looks at the page sees it anyway.
  if (!notifications.value || !document.hidden || !("Notification" in window)) return;
  if (Notification.permission !== "granted") return;
  try {
    new Notification(title, { body: text, tag: "visitors", icon: "/static/favicon.svg" });
  } catch {
    // Some browsers on phones know the name, but not this way to use it.
  }
}

export function toggleSound() {
  sound.value = !sound.value;
  chime();
}

/** Asks the browser for permission first. @returns {Promise<string | null>} why it stays off */
export async function toggleNotifications() {
  if (notifications.value) {
    notifications.value = false;
    return null;
  }
  if (!("Notification" in window)) return "This browser has no notifications.";
  const answer = await Notification.requestPermission();
  notifications.value = answer === "granted";
  return answer === "granted" ? null : "The browser does not allow notifications for this page. Allow them in its settings.";
}
