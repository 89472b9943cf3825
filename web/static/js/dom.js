// The few DOM helpers of the views. Text goes in through textContent alone: what visitors
// and other services send is never read as markup.

/** The element with this id; a page that lacks it is broken, and says so at once. */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no #${id}`);
  return element;
}

/** A new element with a class and children (elements or nothing). */
export function create(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** Change the text only when it differs, so that a selection and the layout are left alone. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Text that may be cut off on the screen: the whole of it is in the tooltip. */
export function setCutText(element, text, whole = text) {
  setText(element, text);
  if (element.title !== whole) element.title = whole;
}

export function show(element, isShown) {
  if (element.hidden === isShown) element.hidden = !isShown;
}
