// The reader himself: log out, another password.

import { post } from "../api.js";
import { toast } from "../toasts.js";
import { html, useState } from "../vendor/vendor.js";
import { logOut } from "./account.js";
import { Field, Problem, useSending } from "./fields.js";
import { passwordFault } from "./texts.js";

/** @param {{me: import("./me.js").Me}} props */
export function AccountPage({ me }) {
  const here = useSending(() => logOut(false));
  const everywhere = useSending(() => logOut(true));
  return html`<div class="panel access-block">
      <p>You are logged in as <strong>${me.user?.email}</strong>${me.user?.isOperator && ", the administrator of this service"}.</p>
      <${Problem} text=${here.problem.message || everywhere.problem.message} />
      <p class="access-actions">
        <button type="button" class="button is-main" disabled=${here.isBusy} onClick=${here.submit}>Log out</button>
        <button type="button" class="button" disabled=${everywhere.isBusy} onClick=${everywhere.submit}>Log out everywhere</button>
      </p>
    </div>
    <div class="panel access-block">
      <h3>Change the password</h3>
      <${PasswordForm} email=${me.user?.email ?? ""} />
    </div>`;
}

/** @param {{email: string}} props */
function PasswordForm({ email }) {
  const [old, setOld] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [wasSent, setSent] = useState(false);
  const fault = passwordFault(password, again);
  const { isBusy, problem, submit } = useSending(async () => {
    setSent(true);
    if (fault) return;
    await post("/api/auth/users/password", { old, password });
    toast("The password is changed.");
    setSent(false);
    for (const clear of [setOld, setPassword, setAgain]) clear("");
  }, ["old", "password"]);
  return html`<form onSubmit=${submit}>
    <input class="visually-hidden" type="text" autocomplete="username" value=${email} readonly tabindex="-1" aria-hidden="true" />
    <${Field} label="Password until now" type="password" autocomplete="current-password" required value=${old} onInput=${setOld} fault=${problem.fields.old} />
    <${Field} label="New password" type="password" autocomplete="new-password" required value=${password} onInput=${setPassword} fault=${problem.fields.password} />
    <${Field} label="The new one again" type="password" autocomplete="new-password" required value=${again} onInput=${setAgain} fault=${wasSent ? fault : ""} />
    <${Problem} text=${problem.message} />
    <p class="access-actions"><button class="button" disabled=${isBusy}>Change password</button></p>
  </form>`;
}
