"""Visits that have ended, as they were."""

import json
from typing import Any

from tracker.core.history import Filter, VisitRow
from tracker.store.history.engine import DuckDBPyConnection
from tracker.store.history.filters import HIDDEN, IS_COMPANY, clean

_COLUMNS = (
    "site, session_id, source, ip, opened / 1000, ended / 1000, reason, pages, events, user_id, country,"
    " device, browser, os, referrer, company_guid, company_name, company_domain, contact_guid,"
    " contact_name, contact_title, emails, phones"
)


def of_session(cursor: DuckDBPyConnection, site: str, session_id: str, limit: int) -> list[VisitRow]:
    """Return the visits of a session, the newest first."""
    return _visits(
        cursor,
        "session_id = $id AND session_key = (md5_number_lower($id) >> 1)::BIGINT",
        {"site": clean(site), "id": clean(session_id)},
        limit,
    )


def of_company(cursor: DuckDBPyConnection, wanted: Filter, limit: int) -> list[VisitRow]:
    """Return the visits of ``wanted.company`` that began in the range, the newest first."""
    return _visits(
        cursor,
        f"{IS_COMPANY} AND opened >= $start AND opened < $end",
        {
            "site": clean(wanted.site),
            "company": clean(wanted.company or ""),
            "start": wanted.start_ms,
            "end": wanted.end_ms,
        },
        limit,
    )


def _visits(cursor: DuckDBPyConnection, condition: str, values: dict[str, Any], limit: int) -> list[VisitRow]:
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM sessions WHERE site = $site AND {condition}"
        f" AND session_key NOT IN ({HIDDEN}) ORDER BY opened DESC LIMIT {limit}",
        values,
    ).fetchall()
    return [VisitRow._make((*row[:-2], _texts(row[-2]), _texts(row[-1]))) for row in rows]


def _texts(array: str | None) -> list[str]:
    return json.loads(array) if array else []
