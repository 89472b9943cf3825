"""``/api/auth/…``: who may do what."""

from tracker.access.setup import SPENT
from tracker.access.signin import WRONG
from tracker.access.verdicts import MESSAGES, Reason
from tracker.core.accounts import Role, Scope
from tracker.http.access import SITE_UNKNOWN
from tracker.http.auth import Me, ShownSite
from tracker.http.auth_sites import KeyRow, Keys, NewKey, Prefix, Registered, SiteId, SiteRow, Sites
from tracker.http.auth_users import NO_SUCH_USER, UserEmail, UserRow, Users
from tracker.http.description.parameters import COMMON
from tracker.http.description.parts import JSON, Example, Operation, Schema, Success
from tracker.http.description.samples import AT
from tracker.http.errors import APIError, FieldFault
from tracker.http.fields import not_valid

TAG = "Who may do what"
NAMING = ("naming", "x-naming")
UNREAD = (400, 403, 413, 415, 422)
"""Statuses of a body that is not taken, or not from this page."""

EMAIL = "ann@example.com"
PASSWORD = "four words that rhyme"
KEY = "trk_i_k3jf72ha_" + "a" * 32
PREFIX = KEY[:14]

TEXT: Schema = {"type": "string", "minLength": 1}
EMAIL_FIELD: Schema = {"type": "string", "format": "email"}
NEW_PASSWORD: Schema = {"type": "string", "minLength": 8, "maxLength": 256}
TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
SCOPES: Schema = {"type": "array", "items": {"enum": [*Scope]}, "minItems": 1}
ROLE: Schema = {"enum": [*Role]}


def _body(required: dict[str, Schema], **optional: Schema) -> dict[str, Schema]:
    properties = {**required, **optional}
    return {JSON: {"type": "object", "properties": properties, "required": list(required)}}


def _nobody() -> Me:
    sites = [ShownSite("default", "default", Role.ADMIN.value)]
    return Me("open", False, None, None, "default", sites, ["ingest", "read", "admin", "operate"])


def _missing(field: str) -> APIError:
    return not_valid(field, "is required")


OPERATIONS = [
    Operation(
        "GET", "/api/auth/me", TAG, "getMe", "Who you are here",
        "`may` tells what may be done on `site`.", COMMON,
        successes={200: Success("You.", (Me,))},
        examples=(Example("me", 200, "Nobody, on a service that asks for nothing", _nobody(),
                          message="Who you are here"),),
    ),
    Operation(
        "POST", "/api/auth/login", TAG, "logIn", "Log in",
        "Sets a cookie. An unknown user and a wrong password get one answer.", NAMING,
        _body({"email": TEXT, "password": TEXT}),
        {200: Success("Logged in.", (Me,))},
        (*UNREAD, 401, 429, 503),
        (
            Example("wrong", 401, "The wrong password", APIError(WRONG.status, WRONG.message),
                    body={"email": EMAIL, "password": PASSWORD}),
            Example("incomplete", 422, "Without a password", _missing("password"), body={"email": EMAIL}),
        ),
    ),
    Operation(
        "POST", "/api/auth/logout", TAG, "logOut", "Log out",
        "Takes `{\"everywhere\": true}` to end all logins of the user. Ends their sockets too.", NAMING,
        successes={200: Success("Logged out.", schema={"type": "object", "properties": {}})},
        failures=(401,),
        examples=(
            Example("nobody", 401, "Without a login", APIError(401, MESSAGES[Reason.NO_CREDENTIALS])),
        ),
    ),
    Operation(
        "POST", "/api/auth/setup", TAG, "setUp", "Make the administrator, once",
        "With the token of the link that the first start prints. Sets a cookie.", NAMING,
        _body({"token": TEXT, "password": NEW_PASSWORD}, email=EMAIL_FIELD),
        {200: Success("Logged in as the administrator.", (Me,))},
        (*UNREAD, 401, 429, 503),
        (
            Example("spent", 401, "A link that was used", APIError(SPENT.status, SPENT.message),
                    body={"token": "of-another-day", "password": PASSWORD}),
            Example("incomplete", 422, "Without a token", _missing("token"), body={"password": PASSWORD}),
        ),
    ),
    Operation(
        "POST", "/api/auth/register", TAG, "register", "Make a site and its first key",
        "The key is shown this once. Where logins are needed, this needs the administrator's, unless "
        "`auth.open_registration`.", NAMING,
        _body({"name": TEXT}),
        {201: Success("The site and its key.", (Registered,))},
        UNREAD,
        (
            Example("site", 201, "A site",
                    Registered("shop", "Shop", KEY, PREFIX, ["admin", "ingest", "read"]),
                    body={"name": "Shop"},
                    message="The site is there; keep its key, it is not shown again"),
            Example("incomplete", 422, "Without a name", _missing("name"), body={}),
        ),
    ),
    Operation(
        "GET", "/api/auth/api-key", TAG, "getKeys", "The keys of the site", "", COMMON,
        successes={200: Success("Its keys, but for revoked ones.", (Keys,))},
        examples=(Example(
            "keys", 200, "One key",
            Keys([KeyRow(PREFIX, "web", ["ingest"], ["https://shop.example"], AT, None)]),
            message="The keys of the site"),),
    ),
    Operation(
        "POST", "/api/auth/api-key", TAG, "createKey", "Make a key",
        "It is shown this once. `origins` bind an ingest key to pages of these.", COMMON,
        _body({"scopes": SCOPES}, name={"type": "string", "maxLength": 100}, origins=TEXTS),
        {201: Success("The key.", (NewKey,))},
        (*UNREAD, 404),
        (
            Example("web", 201, "For a web page", NewKey(KEY, PREFIX, ["ingest"], ["https://shop.example"]),
                    body={"name": "web", "scopes": ["ingest"], "origins": ["https://shop.example"]},
                    message="Keep the key: it is not shown again"),
            Example("incomplete", 422, "For nothing", not_valid("scopes", "at least one is needed"), body={}),
        ),
    ),
    Operation(
        "POST", "/api/auth/revoke", TAG, "revokeKey", "Revoke a key",
        "Its open sockets end within 5 seconds.", COMMON,
        _body({"key": TEXT}),
        {200: Success("Revoked.", (Prefix,))},
        (*UNREAD, 404),
        (
            Example("unknownKey", 404, "No such key",
                    APIError(404, "There is no such key", [FieldFault("key", "is not known")]),
                    body={"key": PREFIX}),
            Example("incomplete", 422, "None named", _missing("key"), body={}),
        ),
    ),
    Operation(
        "POST", "/api/auth/users", TAG, "saveUser", "Add a user, or change the role of one",
        "`password` for a new one only.", COMMON,
        _body({"email": EMAIL_FIELD, "role": ROLE}, password=NEW_PASSWORD),
        {200: Success("The role is changed; all logins of the user are over.", (UserRow,)),
         201: Success("Added.", (UserRow,))},
        (*UNREAD, 404, 503),
        (
            Example("added", 201, "A new user", UserRow(EMAIL, "viewer", AT),
                    body={"email": EMAIL, "role": "viewer", "password": PASSWORD},
                    message="The user may log in"),
            Example("changed", 200, "Another role", UserRow(EMAIL, "admin", AT),
                    body={"email": EMAIL, "role": "admin"}, message="The user may log in"),
            Example("incomplete", 422, "Without a role", _missing("role"), body={"email": EMAIL}),
        ),
    ),
    Operation(
        "GET", "/api/auth/users", TAG, "getUsers", "Who may log in to the site", "", COMMON,
        successes={200: Success("Its users.", (Users,))},
        examples=(Example("users", 200, "One user", Users([UserRow(EMAIL, "admin", AT)]),
                          message="Who may log in to the site"),),
    ),
    Operation(
        "POST", "/api/auth/users/password", TAG, "setPassword", "Change a password",
        "One's own with `old`, the one until now; the administrator changes anybody's, named by `email`. "
        "All logins of the user are over.", NAMING,
        _body({"password": NEW_PASSWORD}, email=EMAIL_FIELD, old=TEXT),
        {200: Success("Changed.", (UserEmail,))},
        (*UNREAD, 404, 429, 503),
        (
            Example("changed", 200, "Anybody's", UserEmail(EMAIL),
                    body={"email": EMAIL, "password": "another pass phrase"},
                    message="The password is changed; all logins of it are over"),
            Example("unknownUser", 404, "No such user", NO_SUCH_USER,
                    body={"email": "nobody@example.com", "password": PASSWORD}),
            Example("nobodys", 422, "Nobody's", not_valid("email", "is required"),
                    body={"password": PASSWORD}),
        ),
    ),
    Operation(
        "POST", "/api/auth/users/remove", TAG, "removeUser", "Take a user's role on the site away",
        "Who has no role left is removed.", COMMON,
        _body({"email": EMAIL_FIELD}),
        {200: Success("Taken away.", (UserEmail,))},
        (*UNREAD, 404),
        (
            Example("removed", 200, "A user", UserEmail(EMAIL), body={"email": EMAIL},
                    message="The user sees the site no more"),
            Example("unknownUser", 404, "No such user", NO_SUCH_USER, body={"email": "nobody@example.com"}),
        ),
    ),
    Operation(
        "GET", "/api/auth/sites", TAG, "getSites", "The sites that you may see", "", NAMING,
        successes={200: Success("The sites.", (Sites,))},
        examples=(Example("sites", 200, "One site", Sites([SiteRow("default", "default", AT)]),
                          message="The sites"),),
    ),
    Operation(
        "POST", "/api/auth/sites/remove", TAG, "removeSite", "Remove a site",
        "Its keys are worth nothing any more; its history stays where it is. Its id is never given again.",
        NAMING,
        _body({"site": TEXT}),
        {200: Success("Removed.", (SiteId,))},
        (*UNREAD, 404),
        (
            Example("removed", 200, "A site", SiteId("shop"), body={"site": "shop"},
                    message="The site is removed; its history stays where it is"),
            Example("notThere", 404, "No such site", SITE_UNKNOWN, body={"site": "nowhere"}),
        ),
    ),
]  # fmt: skip
