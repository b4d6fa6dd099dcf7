"""Templates of a site's own: a folder's, a loader's, or a framework's whole environment."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader, Environment

from consentgate import Policy, PolicyError, Visit
from consentgate.rendering.html import Renderer
from consentgate.rendering.templating import make_environment
from tests.conftest import KEY, application, make_policy, request
from tests.stage import view_of

POLICY = make_policy(site="Riverton")


def page(policy: Policy = POLICY, **options: Any) -> str:
    return request(policy.wrap(application(), secret_key=KEY, **options), path="/cookies").body.decode()


def test_a_folders_template_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "consentgate").mkdir()
    text = "<b>{{ consentgate.say('Accept all') }} {{ consentgate.action }} {{ consentgate.next }}</b>"
    (tmp_path / "consentgate" / "banner.html").write_text(text)
    shown: list[str] = []
    app = application(before=lambda environ: shown.append(str(Visit.from_environ(environ).banner())))
    gate = POLICY.wrap(app, secret_key=KEY, templates=tmp_path, language="fr")
    request(gate, path="/x")
    assert shown == ["<b>Tout accepter /cookies /x#consentgate-done</b>"]
    assert b"Cookies du site" in request(gate, path="/cookies").body


def test_a_loaders_template_takes_the_place_of_ours() -> None:
    text = "<title>{{ consentgate.plain_title }}</title>{% include 'consentgate/policy.html' %}"
    html = page(templates=DictLoader({"consentgate/page.html": text}))
    assert html.startswith("<title>Cookies on Riverton</title>")
    assert "<table>" in html


def test_a_page_fills_the_blocks_of_our_layout() -> None:
    text = (
        "{% extends 'consentgate/layout.html' %}{% block head %}<link rel=icon href=/i.png>{% endblock %}"
        "{% block header %}<header>Ours</header>{% endblock %}"
        "{% block footer %}<footer>Below</footer>{% endblock %}"
    )
    html = page(templates=DictLoader({"consentgate/page.html": text}))
    head, _, body = html.partition("<body")
    assert "<link rel=icon href=/i.png>" in head
    assert body.index("<header>Ours") < body.index("<main>") < body.index("<footer>Below")


def test_a_frameworks_environment_lends_its_layout_and_helpers() -> None:
    app = Flask(__name__)
    app.jinja_env.loader = DictLoader(
        {
            "base.html": "<h1>{{ name() }}</h1>{% block main %}{% endblock %}{{ policy }}",
            "page.html": "a page of the site's own, which is none of ours",
            "consentgate/page.html": "{% extends 'base.html' %}{% block main %}"
            "{% include 'consentgate/form.html' %}{% endblock %}",
        }
    )
    app.jinja_env.globals.update(name=lambda: "Helper", policy="the site's word", say="theirs")
    before = dict(app.jinja_env.globals), set(app.jinja_env.filters), app.jinja_env.extensions.copy()
    html = page(templates=app.jinja_env)
    assert "<h1>Helper</h1>" in html
    assert html.endswith("the site&#39;s word")
    assert 'value="refuse_all"' in html
    # It is left as it was.
    assert before == (dict(app.jinja_env.globals), set(app.jinja_env.filters), app.jinja_env.extensions)


def test_flasks_helpers_have_a_request_of_its_application() -> None:
    app = Flask(__name__)
    text = "{{ url_for('static', filename='site.css') }} {{ request.path }} {{ request.args.next }}"
    app.jinja_env.loader = DictLoader({"consentgate/page.html": text})
    gate = POLICY.wrap(app.wsgi_app, secret_key=KEY, templates=app.jinja_env)
    answer = request(gate, path="/cookies", SCRIPT_NAME="/shop", QUERY_STRING="next=/x")
    assert answer.body == b"/shop/static/site.css /cookies /x"


def test_the_banner_for_scripts_has_a_request_of_flasks_application_too() -> None:
    app = Flask(__name__)
    text = "{{ url_for('static', filename='site.css') }}"
    app.jinja_env.loader = DictLoader({"consentgate/banner.html": text})
    gate = POLICY.wrap(app.wsgi_app, secret_key=KEY, templates=app.jinja_env)
    answer = request(gate, path="/cookies/banner", SCRIPT_NAME="/shop")
    assert answer.body == b"/shop/static/site.css"


def test_an_environment_without_a_loader_finds_ours() -> None:
    assert "Riverton" in page(templates=Environment(autoescape=True))


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        (Environment(), "does not escape what it shows; make it with Environment"),
        (Environment(autoescape=lambda name: False), "does not escape"),
        (5, "must be a folder, a Jinja2 loader or a Jinja2 environment, not 5"),
    ],
)
def test_templates_that_cannot_be_used_are_named(templates: object, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        make_environment(templates)
    with pytest.raises(PolicyError, match=message):
        POLICY.wrap(application(), secret_key=KEY, templates=templates)  # type: ignore[arg-type]


def test_a_folder_without_templates_of_that_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no such folder"):
        page(templates=str(tmp_path / "none"))
    (tmp_path / "page.html").write_text("as in 0.1.0")
    with pytest.raises(PolicyError, match=r"there is no folder '.*consentgate'; .* consentgate/page.html"):
        make_environment(str(tmp_path))


def test_texts_are_escaped_in_a_sites_environment() -> None:
    environment = Environment(autoescape=lambda name: name is not None and name.endswith(".html"))
    renderer = Renderer(make_policy(site="<b>"), environment)
    html = renderer.page(view_of(POLICY), own="/cookies", next=None, language="en")
    assert "Cookies on &lt;b&gt;" in html
    assert "<b>" not in html


def test_a_page_of_the_sites_own_chooses_through_the_visit() -> None:
    """`preferences_path=None`: neither page nor endpoint, and the banner posts to the site's view."""
    shown: list[str] = []

    def view(environ: dict[str, Any]) -> None:
        visit = Visit.from_environ(environ)
        if environ["REQUEST_METHOD"] == "POST":
            visit.accept_all()
        shown.append(str(visit.banner(action="/choose")))

    gate = POLICY.wrap(application("_pk_id=1", before=view), secret_key=KEY, preferences_path=None)
    request(gate)
    assert 'action="/choose"' in shown[0]
    assert "stylesheet" not in shown[0]
    assert request(gate, "POST", "/choose").cookie_names == ["_pk_id", "cookies_preferences"]
    assert "<form" not in shown[1]
    assert "<a class" in shown[1]
