"""Every code block of the documentation is run, or read by what will read it."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import tomllib
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

import pytest
from jinja2 import Environment
from webtest import TestApp

from consentgate import Policy, Visit, cli
from tests.conftest import KEY, application, make_policy

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)

BLOCK = re.compile(r"^( *)```([\w{}-]*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)

ELSEWHERE = {
    "start/unknown-cookies.md": "tests/drift/test_tutorial.py",
    "howto/testing.md": "tests/site/test_docs.py",
}
"""Pages whose blocks belong together: the test that runs them from the first to the last."""

Block = tuple[str, str]


def blocks(page: Path) -> list[Block]:
    return [(language, textwrap.dedent(text)) for _, language, text in BLOCK.findall(page.read_text())]


README = ROOT / "README.md"


def all_blocks() -> Iterator[Any]:
    for page in [README, *PAGES]:
        name = page.relative_to(DOCS if page in PAGES else ROOT).as_posix()
        for number, (language, text) in enumerate(blocks(page)):
            if name not in ELSEWHERE and language != "python":
                yield pytest.param(language, text, id=f"{name}-{number}-{language}")


def read_toml(text: str) -> None:
    assert Policy.from_dict(tomllib.loads(text)).categories


def read_ini(text: str) -> None:
    parser = configparser.ConfigParser(defaults={"here": "."})
    parser.read_string(text)
    for section in parser.sections():
        assert dict(parser[section])


def read_html(text: str) -> None:
    """As a template: each placeholder is a call that a visit knows."""
    for called in re.findall(r"\bvisit(?:\(\))?\.(\w+)", text):
        assert hasattr(Visit, called), called
    if "{% extends" not in text and "${" not in text:
        Environment().parse(text)


def run_console(text: str) -> None:
    """Each command is one there is; those of this package take the arguments shown."""
    commands = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    assert commands
    for command in commands:
        program, *arguments = shlex.split(command.partition(">")[0].partition("|")[0])
        assert program in ("consentgate", "pip", "chmod", "curl", "python"), command
        if program == "consentgate":
            cli._parser().parse_args(arguments)


def read_js(text: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node reads the scripts that are shown: install Debian's nodejs")
    # A function that is never called is compiled, too; its body can be no module.
    text = re.sub(r"^import .* from .*;$|^export ", "", text, flags=re.MULTILINE)
    command = [node, "-e", "new Function(require('fs').readFileSync(0, 'utf8'))"]
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)


def debians(program: str) -> str | None:
    """Return where *program* is; Debian keeps servers out of users' way."""
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")


def read_lines(text: str) -> None:
    """Every line is a directive, and braces are paired."""
    for line in text.splitlines():
        assert re.fullmatch(r"\s*(?:#.*|\w+ .*[;{}]|\}|)", line), line
    assert text.count("{") == text.count("}")


def read_nginx(text: str) -> None:
    """As nginx reads it within a server, where there is one."""
    read_lines(text)
    nginx = debians("nginx")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "nginx.conf"
        path.write_text(
            f"pid {folder}/pid; error_log {folder}/log;\nevents {{}}\nhttp {{ access_log off;\n"
            f"proxy_cache_path {folder}/cache keys_zone=site:1m;\nserver {{ listen 127.0.0.1:1;\n{text}}} }}"
        )
        command = [nginx, "-t", "-q", "-c", str(path)] if nginx else ["true"]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def read_vcl(text: str) -> None:
    """As Varnish compiles it, where there is one."""
    read_lines(text)
    varnishd = debians("varnishd")
    with NamedTemporaryFile("w", suffix=".vcl") as file:
        file.write(text)
        file.flush()
        os.chmod(file.name, 0o644)  # varnishd gives up its privileges first
        command = [varnishd, "-C", "-f", file.name] if varnishd else ["true"]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def read_json(text: str) -> None:
    assert json.loads(text)


def read_text(text: str) -> None:
    assert text.strip()


READERS: dict[str, Callable[[str], None]] = {
    "toml": read_toml,
    "ini": read_ini,
    "html": read_html,
    "jinja": read_html,
    "django": read_html,
    "mako": read_html,
    "console": run_console,
    "js": read_js,
    "json": read_json,
    "nginx": read_nginx,
    "vcl": read_vcl,
    "css": read_text,
    "text": read_text,
    "sh": read_text,
    "": read_text,
    "{toctree}": read_text,
    "{eval-rst}": read_text,
    "{include}": read_text,
}


@pytest.mark.parametrize(("language", "text"), [*all_blocks()])
def test_a_block_is_what_it_says(language: str, text: str) -> None:
    READERS[language](text)


@pytest.mark.parametrize(("page", "test"), [*ELSEWHERE.items()])
def test_pages_that_are_run_elsewhere_are(page: str, test: str) -> None:
    assert Path(page).name in (ROOT / test).read_text()


class Records:
    """A stand-in for a site's store."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> None:
        self.lines.append(line)


def stage(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Names that the pages take for granted: an application, a policy, a key."""
    (folder / "policy.toml").write_text('presets = ["django"]\n\n[[category]]\nkey = "statistical"\n')
    monkeypatch.chdir(folder)
    import flask

    app = flask.Flask("site")

    def respond(environ: dict[str, Any]) -> None:
        pass

    return {
        "__name__": __name__,
        "app": app,
        "vendor_application": application(),
        "front_page": application(before=respond),
        "policy": make_policy(),
        "Policy": lambda *categories, **options: make_policy(**options),
        "Visit": Visit,
        "request": flask.request,
        "redirect": flask.redirect,
        "visit": Visit.from_environ(environ_of_a_visit()),
        "article": types.SimpleNamespace(version=7),
        "records": Records(),
        "SECRET_KEY": KEY,
        "COUNTRIES": ("FR",),
        "SITE": "https://www.example.org",
        "PAGE": "Hello",
        "asgi_app": None,
    }


def environ_of_a_visit() -> dict[str, Any]:
    seen: list[dict[str, Any]] = []
    gate = make_policy().wrap(application(before=seen.append), secret_key=KEY)
    TestApp(gate).get("/")
    return seen[0]


def of_page(name: str) -> list[str]:
    return [text for language, text in blocks(DOCS / name) if language == "python"]


WITH_PYTHON = [
    name
    for name in (page.relative_to(DOCS).as_posix() for page in PAGES)
    if name not in ELSEWHERE and of_page(name)
]

SPECIAL = {"howto/django-cookie-consent.md", "howto/mobile-apps.md", "howto/asgi.md", "howto/django.md"}
"""Pages with a test of their own below."""


@pytest.mark.parametrize("name", sorted(set(WITH_PYTHON) - SPECIAL))
def test_the_programs_of_a_page_run_one_after_the_other(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = stage(tmp_path, monkeypatch)
    if name == "topics/caching.md":
        names["request"] = types.SimpleNamespace(environ=names["visit"] and environ_of_a_visit())
    for text in of_page(name):
        if name.startswith(("howto/", "start/")) and "import" in text and "Policy" in text:
            names.pop("Policy", None)
        exec(compile(text, name, "exec"), names)
        names.setdefault("Policy", Policy)


@pytest.mark.parametrize("name", ["howto/flask.md", "howto/bottle.md", "start/minimal.md"])
def test_a_framework_as_shown_keeps_what_is_not_accepted_from_the_browser(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {**stage(tmp_path, monkeypatch), "PAGE": "<p>Hello\n"}
    names.pop("Policy")
    for text in of_page(name):
        exec(compile(text, name, "exec"), names)
    site = TestApp(names["app"], extra_environ={"HTTP_SEC_FETCH_SITE": "same-origin"})
    site.get("/")
    assert "_pk_id.1" not in site.cookies
    site.post("/cookies", {"action": "accept_all"})
    site.get("/")
    assert "_pk_id.1" in site.cookies


@pytest.mark.parametrize(("name", "language"), [("howto/flask.md", "jinja"), ("howto/django.md", "django")])
def test_a_layout_as_shown_has_banner_script_and_link(name: str, language: str) -> None:
    (layout,) = (text for each, text in blocks(DOCS / name) if each == language)
    undecided = Visit.from_environ(environ_of_a_visit())
    if language == "jinja":
        shown = Environment(autoescape=True).from_string(layout).render(visit=undecided)
    else:
        shown = rendered_by_django(layout, undecided)
    assert "consentgate-banner" in shown
    assert 'href="/cookies"' in shown
    assert "statistics.js" not in shown


def rendered_by_django(layout: str, visit: Visit) -> str:
    from django.template import Context, Engine

    return str(Engine().from_string(layout).render(Context({"visit": visit})))


def test_layouts_of_mako_and_bottle_have_banner_and_link() -> None:
    import bottle
    from mako.template import Template

    (mako,) = (text for language, text in blocks(DOCS / "howto/pyramid.md") if language == "mako")
    (simple,) = (text for language, text in blocks(DOCS / "howto/bottle.md") if language == "text")
    visit = Visit.from_environ(environ_of_a_visit())
    request = types.SimpleNamespace(visit=visit)
    for shown in (
        Template(mako, default_filters=["h"]).render(request=request),
        bottle.SimpleTemplate(simple).render(visit=lambda: visit),
    ):
        assert "<h2" in shown
        assert "consentgate-banner" in shown
        assert 'href="/cookies"' in shown
        assert "statistics.js" not in shown


def test_the_page_on_django_runs_in_a_project(tmp_path: Path) -> None:
    wsgi, processor = of_page("howto/django.md")
    (policy,) = (text for language, text in blocks(DOCS / "howto/django.md") if language == "toml")
    (tmp_path / "policy.toml").write_text(policy)
    program = f"""
from django.conf import settings

settings.configure(SECRET_KEY={KEY!r}, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
from django.http import HttpResponse
from django.urls import path
{processor}
def page(request):
    response = HttpResponse(str(consent(request)["visit"].needs_choice))
    response.set_cookie("_pk_id.1", "1")
    response.set_cookie("sessionid", "1")
    return response

urlpatterns = [path("", page)]
{wsgi}
from webtest import TestApp
site = TestApp(application)
assert site.get("/").text == "True"
assert set(site.cookies) == {{"sessionid"}}, site.cookies
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_client_that_is_no_browser_posts_as_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    (program,) = of_page("howto/mobile-apps.md")
    site = TestApp(
        make_policy().wrap(application(), secret_key=KEY), extra_environ={"HTTP_HOST": "a.example"}
    )

    class Session:
        def post(self, url: str, *, json: object, headers: dict[str, str]) -> None:
            answer = site.post_json(url.removeprefix("http://a.example"), json, headers=headers)
            assert answer.json["categories"]["statistical"]["allowed"]

    requests = types.ModuleType("requests")
    requests.Session = Session  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "requests", requests)
    exec(program, {"SITE": "http://a.example"})


def test_groups_of_django_cookie_consent_become_a_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its models are stood in for: `CookieGroup` and `Cookie` of django-cookie-consent 1.0."""
    (program,) = of_page("howto/django-cookie-consent.md")

    def group(varname: str, required: bool, *cookies: object) -> object:
        return types.SimpleNamespace(
            varname=varname,
            name=varname.title(),
            description='Says "why"',
            is_required=required,
            cookie_set=types.SimpleNamespace(all=lambda: cookies),
        )

    cookie = types.SimpleNamespace(name="_ga", description="Counts", path="/", domain=".example.org")
    groups = [group("needed", True), group("analytics", False, cookie)]
    models: Any = types.ModuleType("cookie_consent.models")
    models.CookieGroup = types.SimpleNamespace(objects=types.SimpleNamespace(all=lambda: groups))
    monkeypatch.setitem(sys.modules, "cookie_consent", types.ModuleType("cookie_consent"))
    monkeypatch.setitem(sys.modules, "cookie_consent.models", models)
    names: dict[str, Any] = {}
    exec(program, names)
    policy = Policy.from_dict(tomllib.loads(names["text"]))
    assert policy.key_of("_ga") == "analytics"
    assert "needed" in policy.necessary
    (scope,) = policy.scopes_of("_ga")
    assert scope.domain == ".example.org"


def test_the_program_for_asgi_names_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """a2wsgi is stood in for; the figures of the page were measured with 1.10."""
    (program,) = of_page("howto/asgi.md")
    a2wsgi: Any = types.ModuleType("a2wsgi")
    a2wsgi.ASGIMiddleware = lambda app: application()
    monkeypatch.setitem(sys.modules, "a2wsgi", a2wsgi)
    scope = {"wsgi_environ": environ_of_a_visit()}
    names: dict[str, Any] = {
        "policy": make_policy(),
        "SECRET_KEY": KEY,
        "asgi_app": None,
        "Visit": Visit,
        "request": types.SimpleNamespace(scope=scope),
    }
    exec(program, names)
    assert names["visit"].needs_choice


def test_the_programs_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = stage(tmp_path, monkeypatch)
    started: list[object] = []
    gated = {
        "get_wsgi_application": application,
        "settings": types.SimpleNamespace(SECRET_KEY=KEY),
        "config": types.SimpleNamespace(make_wsgi_app=application),
        "bottle": types.SimpleNamespace(default_app=application, run=lambda app: started.append(app)),
        "secret_key": KEY,
    }
    app = names["app"]
    app.secret_key = KEY
    programs = [text for language, text in blocks(README) if language == "python"]
    assert len(programs) == 7
    for text in programs:
        if "print(" in text:
            continue  # tests/site/test_docs.py compares what it prints
        if "request.environ" in text:
            names["request"] = types.SimpleNamespace(environ=asking())
        if "assert_enforced" in text:
            app.wsgi_app = make_policy().wrap(application("_pk_id=1"), secret_key=KEY)
            text += "\n\ntest_no_cookie_gets_through_that_was_not_accepted()"
        exec(compile(text, "README.md", "exec"), {**names, **gated, "app": app})
    assert started


def asking() -> dict[str, Any]:
    """The environ of a request whose response has not started."""
    seen: list[dict[str, Any]] = []

    def ask(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        return []

    environ = TestApp(None).RequestClass.blank("/").environ
    make_policy().wrap(ask, secret_key=KEY)(environ, lambda *arguments: lambda octets: None)
    return seen[0]
