"""`visit.banner()` in every template engine, with the syntax the guide gives for it."""

from collections.abc import Callable
from typing import Any

import pytest

from consentgate import Visit
from tests.conftest import KEY, application, make_policy, request
from tests.site.test_docs import GUIDE


def jinja2(template: str, visit: Visit) -> str:
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(template).render(visit=visit)


def mako(template: str, visit: Visit) -> str:
    from mako.template import Template

    return str(Template(template, default_filters=["h"]).render(visit=visit))


def chameleon(template: str, visit: Visit) -> str:
    from chameleon import PageTemplate

    return str(PageTemplate(template)(visit=visit))


def django(template: str, visit: Visit) -> str:
    from django.template import Context, Engine

    return str(Engine().from_string(template).render(Context({"visit": visit})))


def bottle(template: str, visit: Visit) -> str:
    from bottle import SimpleTemplate

    return str(SimpleTemplate(template).render(visit=visit))


def plain(template: str, visit: Visit) -> str:
    return str(eval(template, {"visit": visit}))


ENGINES = {
    "Jinja2": (jinja2, "{{ visit.banner() }}"),
    "Mako": (mako, "${ visit.banner() | n }"),
    "Chameleon": (chameleon, "${ visit.banner() }"),
    "Django": (django, "{{ visit.banner }}"),
    "Bottle": (bottle, "{{! visit.banner() }}"),
    "a plain string": (plain, 'f"{visit.banner()}"'),
}


@pytest.mark.parametrize("name", ENGINES)
def test_the_banner_comes_out_as_it_is(name: str) -> None:
    render, syntax = ENGINES[name]
    assert f"`{syntax}`" in GUIDE
    wanted: list[str] = []
    got: list[str] = []

    def show(environ: dict[str, Any]) -> None:
        visit = Visit.from_environ(environ)
        wanted.append(str(visit.banner()))
        got.append(render(syntax, visit))

    request(make_policy().wrap(application(before=show), secret_key=KEY))
    assert "<button" in wanted[0]
    assert got == wanted


def test_every_engine_has_its_function() -> None:
    functions: list[Callable[..., str]] = [render for render, _ in ENGINES.values()]
    assert len(set(functions)) == len(ENGINES)
