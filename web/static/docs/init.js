// Start the API browser; the pages' policy allows no script inside of them.

const DARK = matchMedia("(prefers-color-scheme: dark)");
const naming = new URLSearchParams(location.search).get("naming") === "snake" ? "snake" : "camel";

function followTheme() {
  document.documentElement.classList.toggle("dark-mode", DARK.matches);
}

DARK.addEventListener("change", followTheme);
followTheme();

// As an address, #api would be taken for an operation.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("api").focus();
});

document.querySelector(`[data-naming="${naming}"]`).setAttribute("aria-current", "page");

window.SwaggerUIBundle({
  url: naming === "snake" ? "/openapi.json?naming=snake" : "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [window.SwaggerUIBundle.presets.apis],
});
