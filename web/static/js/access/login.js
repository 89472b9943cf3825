// What is shown instead of the views to whom the service does not know: log in, or set it up.

import { html, useState } from "../vendor/vendor.js";
import { account, logIn, setUp, setupToken } from "./account.js";
import { Field, Problem, useSending } from "./fields.js";
import { passwordFault } from "./texts.js";

export default function Login() {
  const token = setupToken.value;
  const needsSetup = account.value?.needsSetup ?? false;
  return html`<div class="access-gate" id="login">
    <p class="access-brand">
      <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="8" />
        <circle cx="16" cy="16" r="4" />
        <path d="M9.6 22.4a9 9 0 0 1 0-12.8M22.4 9.6a9 9 0 0 1 0 12.8" />
      </svg>
      Visitors
    </p>
    <div class="panel access-card">
      ${needsSetup && token ? html`<${SetupForm} token=${token} />` : needsSetup ? html`<${SetupWanted} />` : html`<${LoginForm} isLate=${token !== null} />`}
    </div>
  </div>`;
}

/** @param {{isLate: boolean}} props `isLate`: came by a setup link that was used before */
function LoginForm({ isLate }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { isBusy, problem, submit } = useSending(() => logIn(email, password));
  return html`<form onSubmit=${submit} aria-labelledby="login-title">
    <h1 id="login-title">Please log in</h1>
    <p class="access-hint">
      ${isLate ? "The setup link was used already: this service has its administrator." : "This service shows its visitors to those who have logged in."}
    </p>
    <${Field} label="E-mail" type="text" inputmode="email" name="email" autocomplete="username" required autocapitalize="none" spellcheck=${false} isFirst value=${email} onInput=${setEmail} />
    <${Field} label="Password" type="password" name="password" autocomplete="current-password" required value=${password} onInput=${setPassword} />
    <${Problem} text=${problem.message} />
    <button class="button is-main access-submit" disabled=${isBusy}>${isBusy ? "Logging in…" : "Log in"}</button>
  </form>`;
}

function SetupWanted() {
  return html`<h1>This service is new</h1>
    <p class="access-hint">
      It has no administrator yet. When it started, it printed a link that ends in <code>#setup=…</code>: open that one. Nothing there any
      more? Start the service again, and it prints a new one.
    </p>`;
}

/** @param {{token: string}} props */
function SetupForm({ token }) {
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [wasSent, setSent] = useState(false);
  const fault = passwordFault(password, again);
  const { isBusy, problem, submit } = useSending(async () => {
    setSent(true);
    if (!fault) await setUp(token, password);
  }, ["password"]);
  const isAgain = password.length >= 8 && fault !== "";
  return html`<form onSubmit=${submit} aria-labelledby="setup-title">
    <h1 id="setup-title">Set up this service</h1>
    <p class="access-hint">Choose the administrator’s password. You log in with it and the e-mail address of the setting <code>auth.admin_email</code>.</p>
    <${Field}
      label="Password"
      type="password"
      autocomplete="new-password"
      isFirst
      value=${password}
      onInput=${setPassword}
      fault=${(wasSent && !isAgain && fault) || problem.fields.password}
      hint="At least 8 characters. A few words in a row are easy to keep and hard to guess."
    />
    <${Field} label="The same again" type="password" autocomplete="new-password" value=${again} onInput=${setAgain} fault=${wasSent && isAgain ? fault : ""} />
    <${Problem} text=${problem.message} />
    <button class="button is-main access-submit" disabled=${isBusy}>${isBusy ? "Setting up…" : "Set up and log in"}</button>
  </form>`;
}
