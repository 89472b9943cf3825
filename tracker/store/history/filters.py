"""Which events a question is about, as SQL: names by allow-list, values as parameters only."""

from typing import Any, NamedTuple

from tracker.core.history import Filter

_EXACT = ("type", "page", "device", "browser", "os", "referrer", "user_id")

IS_COMPANY = (
    "(lower(company_guid) = lower($company) OR contains(lower(company_name), lower($company))"
    " OR contains(lower(company_domain), lower($company)))"
)

HIDDEN = "SELECT session_key FROM hidden_sessions WHERE site = $site"


class Where(NamedTuple):
    """A condition and its parameters."""

    sql: str
    values: dict[str, Any]


def clean(text: str) -> str:
    """Return ``text`` without what no stored text holds and DuckDB does not take: half surrogates."""
    return text.encode("utf-8", "replace").decode()


def where(wanted: Filter, has_hidden: bool) -> Where:
    """``has_hidden``: whether the site has sessions that count in no figure."""
    conditions = ["site = $site", "time >= $start", "time < $end"]
    values: dict[str, Any] = {
        "site": clean(wanted.site),
        "start": wanted.start_ms,
        "end": wanted.end_ms,
    }
    for name in _EXACT:
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(f"{name} = ${name}")
            values[name] = clean(value)
    if wanted.user_id is not None:
        # The number finds them four times as fast; the text makes it sure.
        conditions.append("user_mark = coalesce(md5_number_lower($user_id) & 65535, 0)::USMALLINT")
    if wanted.country is not None:
        conditions.append("lower(country) = lower($country)")
        values["country"] = clean(wanted.country)
    if wanted.session_id is not None:
        # The number finds it ten times as fast; the text makes it sure.
        conditions.append("session_key = (md5_number_lower($session_id) >> 1)::BIGINT")
        conditions.append("session_id = $session_id")
        values["session_id"] = clean(wanted.session_id)
    if wanted.company is not None:
        conditions.append(
            f"session_key IN (SELECT session_key FROM sessions WHERE site = $site AND {IS_COMPANY}"
            " UNION ALL SELECT (md5_number_lower(unnest($live_of_company::VARCHAR[])) >> 1)::BIGINT)"
        )
        values["company"] = clean(wanted.company)
        values["live_of_company"] = [clean(session_id) for session_id in wanted.live_of_company]
    if has_hidden:
        conditions.append(f"session_key NOT IN ({HIDDEN})")
    return Where(" AND ".join(conditions), values)
