"""The public API as a user would use it: checked by mypy --strict, never run."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from consentgate import (
    Attestation,
    Basis,
    Category,
    ConsentGate,
    Cookie,
    Event,
    Policy,
    PolicyError,
    Preferences,
    PreferencesSerializer,
    Visit,
    presets,
)
from consentgate.drift import DriftRecorder, discover

attestation = Attestation(
    sole_purpose=True, anonymous_output=True, no_cross_site=True, no_combination=True, no_third_party=True
)
policy: Policy = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=[*presets.flask(session="sid"), "csrftoken"]),
        Category("statistical", basis=Basis.EXEMPT, attestation=attestation, cookies=("_pk_id.*",)),
        Category("marketing", cookies=[Cookie("_fbp", provider="Meta", lifetime=timedelta(days=90)), "IDE"]),
    ],
    updated=date(2026, 11, 23),
    cookie_lifetime="6 months",
)
from_file: Policy = Policy.from_toml("policy.toml")
from_data: Policy = Policy.from_dict({"category": []})


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    visit = Visit.from_environ(environ)
    if visit.needs_choice and not visit.allows("marketing"):
        visit.refuse("marketing")
    start_response("200 OK", [])
    state: str = visit.state("marketing")
    return [
        visit.banner().encode(),
        state.encode(),
        " ".join(visit.allowed).encode(),
        str(visit.explain("x")).encode(),
    ]


def watch(event: Event) -> None:
    print(event.action, event.name, event.category, event.enforced)


application: WSGIApplication = app
gate: ConsentGate = policy.wrap(
    application,
    secret_key=b"0123456789abcdef",
    secret_key_fallbacks=["an earlier key, long enough"],
    undeclared="report",
    applies=lambda environ: environ["PATH_INFO"] != "/health",
    observer=watch,
)
served: WSGIApplication = gate
served = ConsentGate(application, policy, secret_key="0123456789abcdef", preferences_path=None)

chosen: Preferences = policy.choose({"marketing"}, at=datetime.now(UTC))
serializer: PreferencesSerializer = gate.serializer
text: str = serializer.dumps(chosen)
again: Preferences = PreferencesSerializer(policy, secret_key="0123456789abcdef").loads(text, now=0.0)
category: Category | None = policy.category_of("_fbp")
page: str = policy.render("html")
try:
    policy.wrap(application, secret_key="0123456789abcdef", undeclared="strip")  # type: ignore[arg-type]
except PolicyError as error:
    print(error)

recorder: DriftRecorder = DriftRecorder("drift.sqlite")
watched: WSGIApplication = discover(app, "drift.sqlite")
gate = policy.wrap(application, secret_key="0123456789abcdef", observer=[recorder, watch])
written: bool = recorder.flush()
