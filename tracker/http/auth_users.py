"""``/api/auth/users…``: who may log in."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tracker.access.audit import Action
from tracker.access.passwords import PasswordRefused, PasswordsBusy
from tracker.access.principal import Need
from tracker.access.signin import too_many
from tracker.access.users import UnknownUser, UserNotValid, canonical_email
from tracker.access.verdicts import Denied, Reason
from tracker.core.accounts import Role, User
from tracker.http import queries
from tracker.http.access import Admitted, Gate, GuardedRoute, admitted, refusal
from tracker.http.auth import refused
from tracker.http.errors import APIError, FieldFault
from tracker.http.fields import Fields, not_valid, read_fields
from tracker.http.responses import success
from tracker.live.messages import Wire
from tracker.live.rows import iso

NO_SUCH_USER = APIError(404, "There is no such user", [FieldFault("email", "is not known")])


class UserRow(Wire, frozen=True):
    email: str
    role: str
    created_at: str


class Users(Wire, frozen=True):
    users: list[UserRow]


class UserEmail(Wire, frozen=True):
    email: str


class UserEndpoints:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._access = gate.access
        self._users = gate.access.users

    def routes(self) -> list[BaseRoute]:
        return [
            GuardedRoute("/api/auth/users", self.users, Need.ADMIN, ["GET", "POST"]),
            GuardedRoute("/api/auth/users/password", self.password, Need.READ_ANY, ["POST"]),
            GuardedRoute("/api/auth/users/remove", self.remove, Need.ADMIN, ["POST"]),
        ]

    async def users(self, request: Request) -> Response:
        queries.refuse_unknown(request, ())
        if request.method == "POST":
            return await self._save(request)
        asking = admitted(request)
        rows = [
            UserRow(user.email, role, iso(user.created_at))
            for user in self._users.list_users()
            if (role := self._role(user, asking)) is not None
        ]
        return success(request, Users(rows), "Who may log in to the site")

    async def _save(self, request: Request) -> Response:
        """Add a user, or give one who is there another role on the site."""
        fields = await read_fields(request)
        email, password = _email(fields), fields.optional_text("password")
        role = fields.one_of("role", [one.value for one in Role])
        fields.check()
        asking = admitted(request)
        user = self._users.get(email)
        is_new = user is None
        if email == self._users.admin_email and not asking.may(Need.OPERATE):
            raise not_valid("email", "is not one that can be added here")
        if user is None:
            await self._add(asking, email, password, Role(role))
        else:
            await self._give_role(asking, user, password, Role(role))
        asking.note(Action.USER_SAVED, f"{'added' if is_new else 'changed'} {role}")
        data = UserRow(email, role, iso(self._known(email).created_at))
        return success(request, data, "The user may log in", 201 if is_new else 200)

    async def _add(self, asking: Admitted, email: str, password: str | None, role: Role) -> None:
        if password is None:
            raise not_valid("password", "is required for a new user")
        hashed = await self._hash(password, email)
        try:
            await self._users.add(email, hashed, {asking.site: role}, self._access.book.sites)
        except UserNotValid as error:
            raise not_valid(error.field, error.reason) from error

    async def _give_role(self, asking: Admitted, user: User, password: str | None, role: Role) -> None:
        if password is not None:
            # Or who may add users could take over those of other sites.
            raise not_valid("password", "there is such a user already; leave the password out")
        if asking.site not in user.roles and not asking.may(Need.OPERATE):
            raise not_valid("email", "is not one that can be added here; ask the service's operator")
        roles = {**user.roles, asking.site: role}
        try:
            await self._users.set_roles(user.email, roles, self._access.book.sites)
        except UserNotValid as error:
            raise not_valid(error.field, error.reason) from error

    async def remove(self, request: Request) -> Response:
        """Take the role on the site away, and the user who has no other one."""
        queries.refuse_unknown(request, ())
        fields = await read_fields(request)
        email = _email(fields)
        fields.check()
        asking = admitted(request)
        user = self._users.get(email)
        if user is None or not (asking.site in user.roles or self._is_nobodys(user, asking)):
            raise NO_SUCH_USER
        if user.email == self._users.admin_email:
            raise not_valid("email", "is the administrator, who cannot be removed")
        roles = {site: role for site, role in user.roles.items() if site != asking.site}
        try:
            if roles:
                await self._users.set_roles(email, roles, self._access.book.sites)
            else:
                await self._users.remove(email)
        except UnknownUser as error:
            raise NO_SUCH_USER from error
        asking.note(Action.USER_REMOVED)
        return success(request, UserEmail(email), "The user sees the site no more")

    async def password(self, request: Request) -> Response:
        """Change one's own password, with the old one; the operator changes anybody's."""
        queries.refuse_unknown(request, ())
        fields = await read_fields(request)
        named, old = fields.optional_text("email"), fields.optional_text("old")
        password = fields.text("password")
        fields.check()
        asking = admitted(request)
        own = asking.principal.user
        email = _canonical(named) if named is not None else (own.email if own else "")
        if own is not None and email == own.email:
            await self._need_old(own, old, asking.address)
        elif Need.OPERATE not in asking.principal.grants_elsewhere:
            raise refusal(Denied(Reason.WRONG_SCOPE))
        elif not email:
            raise not_valid("email", "is required")
        hashed = await self._hash(password, email)
        try:
            await self._users.set_password(email, hashed)
        except UnknownUser as error:
            raise NO_SUCH_USER from error
        asking.note(Action.PASSWORD_CHANGED)
        response = success(request, UserEmail(email), "The password is changed; all logins of it are over")
        if own is not None and email == own.email:
            token, _ = self._access.logins.open(email)
            self._gate.cookie.set(response, request, token)
        return response

    async def _need_old(self, user: User, old: str | None, address: str) -> None:
        if old is None:
            raise not_valid("old", "is required: the password until now")
        attempts = self._access.attempts
        wait_s = attempts.begin(user.email, address)
        if wait_s:
            raise refused(too_many(wait_s))
        try:
            checked = await self._access.passwords.check(user.password, old)
        except PasswordsBusy as error:
            attempts.gave_up(user.email, address)
            raise _busy(error) from error
        if not checked.is_right:
            self._access.audit.add(Action.LOGIN_FAILED, user.email, address=address, detail="old password")
            raise not_valid("old", WRONG_OLD)
        attempts.succeeded(user.email, address)

    async def _hash(self, password: str, email: str) -> str:
        try:
            return await self._access.passwords.hash(password, email)
        except PasswordRefused as error:
            raise not_valid("password", *error.faults) from error
        except PasswordsBusy as error:
            raise _busy(error) from error

    def _is_nobodys(self, user: User, asking: Admitted) -> bool:
        """Whether no site is left whose admin could remove them."""
        return not user.roles and asking.may(Need.OPERATE)

    def _role(self, user: User, asking: Admitted) -> str | None:
        if user.email == self._users.admin_email and asking.may(Need.OPERATE):
            return Role.ADMIN.value
        role = user.roles.get(asking.site)
        return None if role is None else role.value

    def _known(self, email: str) -> User:
        user = self._users.get(email)
        if user is None:
            raise NO_SUCH_USER
        return user


WRONG_OLD = "is not the password until now"


def _email(fields: Fields) -> str:
    text = fields.text("email")
    return _canonical(text) if text else ""


def _canonical(text: str) -> str:
    try:
        return canonical_email(text)
    except UserNotValid as error:
        raise not_valid(error.field, error.reason) from error


def _busy(error: PasswordsBusy) -> APIError:
    wait = {"Retry-After": str(error.retry_after_s)}
    return APIError(503, "Too many passwords are being checked; try again", headers=wait)
