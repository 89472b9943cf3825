// Who may look at the site.

import { post } from "../api.js";
import { Dialog } from "../dialog.js";
import { dayMinute } from "../format.js";
import { time_ms } from "../rows.js";
import { toast } from "../toasts.js";
import { html, useId, useState } from "../vendor/vendor.js";
import { Confirm } from "./confirm.js";
import { Field, FormActions, Problem, useSending } from "./fields.js";
import { Missing, useListed } from "./listed.js";

const ROLES = new Map([
  ["viewer", "Viewer: sees everything of this site"],
  ["admin", "Admin: also changes its keys and figures"],
]);

/** @typedef {{email: string, role: string, createdAt: any}} User */

/** @param {{me: import("./me.js").Me}} props */
export function UsersPage({ me }) {
  const { data, problem, reload } = useListed("/api/auth/users");
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState(/** @type {User | null} */ (null));
  const users = /** @type {User[] | null} */ (data?.users ?? null);
  const remove = async () => {
    await post("/api/auth/users/remove", { email: removing?.email });
    setRemoving(null);
    toast("The user sees this site no more.");
    reload();
  };
  return html`<div class="panel access-block">
    <div class="access-head">
      <p class="access-hint">They log in with their e-mail address and a password.</p>
      <button type="button" class="button is-main" onClick=${() => setAdding(true)}>Add user…</button>
    </div>
    ${users === null || problem ? html`<${Missing} problem=${problem} onRetry=${reload} />` : html`<${UserList} users=${users} me=${me} onRemove=${setRemoving} />`}
    ${
      isAdding &&
      html`<${UserDialog}
        onAdded=${() => {
          setAdding(false);
          reload();
        }}
        onClose=${() => setAdding(false)}
      />`
    }
    ${
      removing &&
      html`<${Confirm} title=${`Remove ${removing.email}?`} action="Remove user" onDo=${remove} onClose=${() => setRemoving(null)}>
        <p>They see nothing of this site any more, and are logged out at once.</p>
      <//>`
    }
  </div>`;
}

/** @param {{users: User[], me: import("./me.js").Me, onRemove: (user: User) => void}} props */
function UserList({ users, me, onRemove }) {
  if (users.length === 0) {
    return html`<div class="message">
      <p class="message-title">Nobody else</p>
      <p>Add those who are to see the visitors of this site.</p>
    </div>`;
  }
  return html`<ul class="access-list" aria-label="Users">
    ${users.map(
      (user) => html`<li key=${user.email}>
        <div class="access-who"><p><strong>${user.email}</strong></p></div>
        <dl class="access-facts">
          <div><dt>Role</dt><dd>${user.role === "admin" ? "Admin" : "Viewer"}</dd></div>
          <div><dt>Added</dt><dd>${dayMinute(time_ms(user.createdAt))}</dd></div>
        </dl>
        ${
          user.email === me.user?.email
            ? html`<span class="access-hint">You</span>`
            : html`<button type="button" class="button" aria-label=${`Remove ${user.email}`} onClick=${() => onRemove(user)}>Remove…</button>`
        }
      </li>`,
    )}
  </ul>`;
}

/** @param {{onAdded: () => void, onClose: () => void}} props */
function UserDialog({ onAdded, onClose }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState("viewer");
  const roleId = useId();
  const { isBusy, problem, submit } = useSending(async () => {
    await post("/api/auth/users", { email, role, ...(password && { password }) });
    onAdded();
  }, ["email", "password"]);
  return html`<${Dialog} title="Add a user" kind="access" onClose=${onClose}>
    <form onSubmit=${submit}>
      <${Field} label="E-mail" type="text" inputmode="email" autocomplete="off" autocapitalize="none" spellcheck=${false} required isFirst value=${email} onInput=${setEmail} fault=${problem.fields.email} />
      <${Field}
        label="Password"
        type="password"
        autocomplete="new-password"
        value=${password}
        onInput=${setPassword}
        fault=${problem.fields.password}
        hint="At least 8 characters. Leave it empty for somebody who is a user of another site already."
      />
      <div class="access-field">
        <label for=${roleId}>Role</label>
        <select id=${roleId} class="choice" value=${role} onChange=${(/** @type {any} */ event) => setRole(event.currentTarget.value)}>
          ${[...ROLES].map(([id, title]) => html`<option key=${id} value=${id}>${title}</option>`)}
        </select>
      </div>
      <${Problem} text=${problem.message} />
      <${FormActions} action="Add user" isDisabled=${isBusy} onClose=${onClose} />
    </form>
  <//>`;
}
