// The shop's own script. What the dashboard learns comes from the tag, from data-track and from window.tracker.

const TEAS = {
  assam: ["Assam", "Malty and strong, from the Dibru garden on the Brahmaputra. Four minutes at 95 °C. 8\u00a0€"],
  sencha: ["Sencha", "First flush from Uji, steamed the day it was picked. Two minutes at 75 °C. 11\u00a0€"],
  rooibos: ["Rooibos", "From the Cederberg, without caffeine. As long as you like. 6\u00a0€"],
  "silver-needle": ["Silver Needle", "Only the buds, picked on four mornings in April. Three minutes at 80 °C. 19\u00a0€"],
};
const BASKET = "basket";

const find = (selector) => document.querySelector(selector);
const items = () => (sessionStorage.getItem(BASKET) || "").split(",").filter(Boolean);

function keep(names) {
  sessionStorage.setItem(BASKET, names.join(","));
  showBasket();
}

function showBasket() {
  const names = items();
  find("#count").textContent = names.length ? `(${names.length})` : "";
  const contents = find("#contents");
  if (!contents) return;
  if (names.length) contents.textContent = names.map((name) => TEAS[name][0]).join(", ");
  find("#order").disabled = names.length === 0;
}

function showTea() {
  const name = location.pathname.split("/")[2];
  const tea = TEAS[name];
  find("#teas").hidden = Boolean(tea);
  find("#tea").hidden = !tea;
  if (!tea) return;
  find("#tea .leaf").className = `leaf large ${name}`;
  find("#tea h2").textContent = tea[0];
  find("#tea h2 + p").textContent = tea[1];
}

function openInside(event) {
  const link = event.target.closest("#teas a, a[data-inside]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState({}, "", link.getAttribute("href"));
  showTea();
}

showBasket();
if (find("#tea")) {
  showTea();
  addEventListener("click", openInside);
  addEventListener("popstate", showTea);
  find("#tea button").addEventListener("click", () => keep([...items(), location.pathname.split("/")[2]]));
}
for (const button of document.querySelectorAll("[data-plan]")) {
  button.addEventListener("click", () => {
    window.tracker?.("signup", { plan: button.dataset.plan });
    find("#chosen").textContent = "Thank you. The dashboard has just seen an event called signup.";
  });
}
find("#order")?.addEventListener("click", () => {
  window.tracker?.("purchase", { items: items().length });
  keep([]);
  find("#contents").textContent = "Thank you! Nothing was bought, and the dashboard has seen it.";
});
