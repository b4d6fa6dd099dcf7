"""A site whose cookies are as awkward as real ones, and a way to plant a fault in a copy of the gate."""

import importlib
import itertools
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from email.utils import formatdate
from pathlib import Path
from types import ModuleType
from typing import Any

import consentgate

SOURCES = Path(consentgate.__file__).parent
_numbers = itertools.count()


def faulty_copy(folder: Path, module: str, right: str, wrong: str) -> ModuleType:
    """Return a copy of the whole package in *folder* in which one text is *wrong*."""
    name = f"faulty{next(_numbers)}"
    shutil.copytree(SOURCES, folder / name, ignore=shutil.ignore_patterns("testing", "__pycache__", "locale"))
    for copied in (folder / name).rglob("*.py"):
        copied.write_text(copied.read_text().replace("from consentgate", f"from {name}"))
    path = folder / name / f"{module}.py"
    source = path.read_text()
    assert source.count(right) == 1, f"{module} does not say once: {right}"
    path.write_text(source.replace(right, wrong))
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


ROUTES = (
    "/",
    "/delete",
    "/kept",
    "/error",
    "/withdraw",
    "/plain",
    "/routine",
    "/wiki/page",
    "/clock",
    "/late",
    ("POST", "/form", {"name": "ann"}),
)

HOST = {"HTTP_HOST": "www.site.test", "SERVER_NAME": "www.site.test"}
"""For each request's environ: a host that has parent domains."""

_KEPT = [("Set-Cookie", "_pk_id=1"), ("Set-Cookie", "sid=1")]
_ANSWERS: dict[str, list[str]] = {
    "/": ["sid=1; Path=/", "_pk_id=2; Max-Age=3600", "ad=3", "ads=4", "SID=5", "sid\xa0=6"],
    "/delete": [
        "_pk_id=; Max-Age=0; Path=/",
        "ad=kept; Max-Age=0; Max-Age=x",
        "_pk_id=kept; Max-Age=3600; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    ],
    "/error": ["_pk_id=1", "sid=1"],
    "/withdraw": ["_pk_id=1", "sid=1"],
    "/plain": ["sid=1; Path=/"],
    "/routine": ["sid=1; Path=/", "_pk_id=1; Path=/"],
    "/wiki/page": ["_pk_id=1; Path=/wiki"],
    "/form": ["sid=1; Path=/", "audience=1; Path=/"],
}


def late(start_response: Any) -> Iterator[bytes]:
    """Start the response when the body is asked for."""
    start_response("200 OK", [("Set-Cookie", "ads=1")])
    yield b""


def site(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with what the route is for."""
    path = environ["PATH_INFO"]
    if path == "/late":
        return late(start_response)
    if path == "/kept":
        start_response("200 OK", _KEPT)  # the same list every time
        return [b""]
    if path == "/clock":
        this_hour = time.time() // 3600 * 3600
        past = formatdate(this_hour, usegmt=True)
        start_response("200 OK", [("Set-Cookie", f"ad=deleted; Path=/; Expires={past}")])
        return [b""]
    headers = [("Set-Cookie", line) for line in _ANSWERS[path]]
    if path == "/withdraw":
        environ["consentgate.visit"].refuse("statistical")
    if path == "/form":
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    if path == "/error":
        start_response("200 OK", [])
        try:
            raise RuntimeError("after the response has started")
        except RuntimeError:
            start_response("500 Internal Server Error", headers, sys.exc_info())
            return [b""]
    start_response("200 OK", headers)
    return [b""]


def policy_of(package: ModuleType) -> Any:
    """Return the site's policy, made by this copy of the package."""
    category, basis = package.Category, package.Basis
    attested = package.Attestation(*[True] * 5)
    return package.Policy(
        [
            category("necessary", basis=basis.NECESSARY, cookies=["sid"]),
            category("audience", basis=basis.EXEMPT, attestation=attested, cookies=["audience"]),
            category("statistical", cookies=["_pk_id", "m*"]),
            category("ad", cookies=["ad", package.Cookie("player", partitioned=True)]),
            category("ads", cookies=["ads"]),
        ]
    )
