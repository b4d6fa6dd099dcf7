"""Read a browser's opt-out signals and list the categories they deny. A signal never allows anything."""

import json
from collections.abc import Iterable
from datetime import date

from consentgate.catalogue.catalogue import Catalogue
from consentgate.headers.cookie import BLANK

SIGNAL_FIELDS = {"gpc": "Sec-GPC", "dnt": "DNT"}
"""Name of a signal -> the request field that carries it."""


def signals_of(sec_gpc: str | None, dnt: str | None, honoured: Iterable[str]) -> tuple[str, ...]:
    """Return the *honoured* signals that the request carries, in the order of `SIGNAL_FIELDS`.

    WSGI joins repeated fields with commas; one matching value is enough. Sec-GPC matches if it is exactly
    ``1``, DNT if it begins with ``1``, since extensions may follow (Tracking Preference Expression 5.2).

    Args:
        sec_gpc: the value of Sec-GPC, None if the request has none.
        dnt: the value of DNT, likewise.
        honoured: ``"gpc"``, ``"dnt"``, both or neither.

    >>> signals_of("1", "1", ["gpc"]), signals_of("0, 1", None, ["gpc", "dnt"])
    (('gpc',), ('gpc',))
    >>> signals_of("true", "0", ["gpc", "dnt"])
    ()
    """
    came = {
        "gpc": "1" in _values(sec_gpc),
        "dnt": any(value.startswith("1") for value in _values(dnt)),
    }
    return tuple(signal for signal in SIGNAL_FIELDS if signal in honoured and came[signal])


def _values(field_value: str | None) -> list[str]:
    return [] if field_value is None else [value.strip(BLANK) for value in field_value.split(",")]


def denied_keys(catalogue: Catalogue, signals: Iterable[str]) -> frozenset[str]:
    """Return the keys of the categories with `sale_or_share` if there is any signal, else none.

    A necessary category cannot have `sale_or_share`, so it is never denied.
    """
    return (
        frozenset(each.key for each in catalogue.categories if each.sale_or_share)
        if any(signals)
        else frozenset()
    )


def signal_fields(catalogue: Catalogue, honoured: Iterable[str]) -> tuple[str, ...]:
    """Return the request fields that decide what this policy allows, for Vary; none where nothing is denied.

    >>> signal_fields(Catalogue([]), ["gpc"])
    ()
    """
    if not denied_keys(catalogue, SIGNAL_FIELDS):
        return ()
    return tuple(name for signal, name in SIGNAL_FIELDS.items() if signal in honoured)


def gpc_json(updated: date | None) -> bytes:
    """Return the body of ``/.well-known/gpc.json``: this site honours Global Privacy Control.

    Args:
        updated: when the site last stated so; left out if None.

    >>> gpc_json(date(2026, 11, 25))
    b'{"gpc": true, "lastUpdate": "2026-11-25"}'
    """
    stated = {} if updated is None else {"lastUpdate": updated.isoformat()}
    return json.dumps({"gpc": True, **stated}).encode()
