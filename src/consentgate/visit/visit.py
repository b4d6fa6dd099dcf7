"""One request's visit: what its visitor allows, and the choice made in it."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from consentgate.consent.consent_mode import consent_mode
from consentgate.consent.preferences import Preferences, State
from consentgate.consent.tokens import NO_TOKEN, TokenResult
from consentgate.consent.verdict import JudgedCookie, Permissions, Situation, Verdict
from consentgate.errors import NoGate, PolicyError, ResponseStarted

from .choosing import ASKED_LATE, NOT_RECORDED, amend_answers
from .request import RequestFacts, VisitGate

if TYPE_CHECKING:
    from markupsafe import Markup

    from consentgate.rendering.view import VisitorView

ENVIRON_KEY = "consentgate.visit"

_D = TypeVar("_D")

_REQUIRED: Any = object()
"""Stands for a default that was not given."""


class Visit:
    """The categories that one request's visitor allows; the application records choices here.

    Find it with `Visit.from_environ(environ)`. A choice takes effect in the response to this very
    request (R85) and is remembered in the next.
    """

    # Defaults on the class: an uneventful visit sets fewer attributes.
    _vary_fields: tuple[str, ...] = ()
    _chosen_at: int | None = None
    _response_started = False
    _in_call = False
    # Pairs of the Cookie field that were kept from the application; None if they have to be judged anew.
    _withheld: tuple[JudgedCookie, ...] | None = ()

    def __init__(
        self,
        gate: VisitGate,
        received: Mapping[str, Any],
        tokens: TokenResult = NO_TOKEN,
        situation: Situation | None = None,
        signals: tuple[str, ...] = (),
        language: str | None = None,
    ) -> None:
        self._gate = gate
        # The environ as the server gave it, a copy: applications rewrite theirs.
        self._received = received
        self._tokens = tokens
        self._situation = tokens.situation if situation is None else situation
        self._permissions: Permissions = gate._judge.permissions(self._situation)
        self._signals = signals
        self._language = language

    @cached_property
    def _reported(self) -> set[Any]:
        return set()  # events that were reported of this response

    @overload
    @classmethod
    def from_environ(cls, environ: Mapping[str, Any]) -> "Visit": ...

    @overload
    @classmethod
    def from_environ(cls, environ: Mapping[str, Any], default: _D) -> "Visit | _D": ...

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any], default: Any = _REQUIRED) -> Any:
        """Return the visit of the request with this environ.

        Args:
            environ: the request's.
            default: returned where there is no visit, as where a template is rendered in a task.

        Raises:
            NoGate: there is no visit, and no *default*.
        """
        visit = environ.get(ENVIRON_KEY)
        if isinstance(visit, Visit):
            return visit
        if default is not _REQUIRED:
            return default
        raise NoGate(
            "no gate stands before this application; wrap it where it is made: "
            "app = policy.wrap(app, secret_key=...)"
        )

    @property
    def preferences(self) -> Preferences:
        """The visitor's valid answers."""
        self._ask()
        return self._tokens.preferences

    @property
    def allowed(self) -> tuple[str, ...]:
        """Keys of the categories this visit allows, in the policy's order."""
        self._ask()
        allowed = self._permissions.allowed
        return tuple(each.key for each in self._gate._judge.catalogue.categories if each.key in allowed)

    @property
    def needs_choice(self) -> bool:
        """Whether there is something to ask this visitor."""
        self._ask()
        return bool(self._permissions.asked)

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of the browser's opt-out signals that are honoured: ``"gpc"``, ``"dnt"``."""
        self._ask()
        return self._signals

    def consent_mode(self) -> dict[str, Literal["granted", "denied"]]:
        """Return Google Consent Mode's seven signals, each ``"granted"`` or ``"denied"``.

        A category grants the signals it is declared with, once this visit allows it.
        """
        self._ask()
        return consent_mode(self._gate._judge.catalogue, self._permissions.allowed)

    def allows(self, category_key: str) -> bool:
        """Return whether cookies of this category may be set and read in this visit.

        Raises:
            PolicyError: an unknown category; names those there are.
        """
        self._ask()
        return self._gate._judge.catalogue.category(category_key).key in self._permissions.allowed

    def allows_cookie(self, name: str) -> bool:
        """Return whether a cookie of this name may be set and read in this visit."""
        return self.explain(name).admitted

    def explain(self, cookie_name: str) -> Verdict:
        """Return whether a cookie of this name is admitted, why, and under which category."""
        self._ask()
        return self._gate._judge.explain(cookie_name, self._permissions)

    def state(self, category_key: str) -> State:
        """Return the visitor's answer for a category: ``"accepted"``, ``"refused"`` or ``"unset"``.

        Raises:
            PolicyError: an unknown category; names those there are.
        """
        self._ask()
        return self._tokens.preferences.state(self._gate._judge.catalogue.category(category_key).key)

    def accept(self, *category_keys: str) -> None:
        """Record the visitor's yes to these categories; every other answer keeps its day.

        Raises:
            PolicyError: an unknown category.
            ResponseStarted: too late for this response to remember it.
        """
        self._choose(dict.fromkeys(category_keys, True))

    def refuse(self, *category_keys: str) -> None:
        """Record the visitor's no to these categories; every other answer keeps its day.

        Withdrawing is refusing (R7).

        Raises:
            PolicyError: an unknown category, or a necessary one.
            ResponseStarted: too late for this response to remember it.
        """
        self._choose(dict.fromkeys(category_keys, False))

    def accept_all(self) -> None:
        """Record the visitor's yes to every category that needs consent.

        Exempt categories need none, so no answer to them is recorded, and an objection stands.

        Raises:
            ResponseStarted: too late for this response to remember it.
        """
        catalogue = self._gate._judge.catalogue
        self._choose({each.key: True for each in catalogue.categories if each.needs_consent})

    def refuse_all(self) -> None:
        """Record the visitor's no to every category but the necessary ones, exempt ones included.

        Raises:
            ResponseStarted: too late for this response to remember it.
        """
        self._choose(dict.fromkeys(self._gate._judge.catalogue.digests, False), answers_all=True)

    def banner(self, *, action: str | None = None, next: str | None = None) -> "Markup":
        """Return the question as HTML for the top of a page, empty when there is nothing to say (R76).

        Args:
            action: where its form posts to; the preferences page, unless given.
            next: path to return to after the choice; this page, unless given.

        Raises:
            PolicyError: there is no page to post to (`preferences_path=None`), and no *action*.
        """
        own = self._own_path
        if action is None:
            if own is None:
                raise PolicyError(
                    "preferences_path is None: say where the banner posts to, banner(action=...)"
                )
            action = own
        return self._gate._renderer.banner(
            self._view(),
            action=action,
            next=next or self._request.page(own),
            page=own,
            language=self._page_language,
        )

    def form(self, *, next: str | None = None) -> "Markup":
        """Return the forms of the visitor's page as HTML, for a layout of the site's own.

        Args:
            next: path to return to after the choice; this page, unless given.

        Raises:
            PolicyError: there is no page to post to (`preferences_path=None`).
        """
        from consentgate.rendering.assets import stylesheet_under

        own = self.preferences_url
        return self._gate._renderer.form(
            self._view(),
            action=own,
            next=next or self._request.page(own),
            language=self._page_language,
            stylesheet=stylesheet_under(own),
        )

    def placeholder(self, category_key: str) -> "Markup":
        """Return HTML to stand in place of an embed until its category is allowed; then nothing.

        It says what the embed is and who would learn of the visit; its button accepts this category and
        comes back.

        Raises:
            PolicyError: an unknown category, or there is no page to post to (`preferences_path=None`).
        """
        from consentgate.rendering.assets import stylesheet_under

        own = self.preferences_url
        return self._gate._renderer.placeholder(
            self._view(),
            category_key,
            action=own,
            next=self._request.page(own),
            language=self._page_language,
            stylesheet=stylesheet_under(own),
        )

    @property
    def preferences_url(self) -> str:
        """Path of the visitor's page, mount included: the link for a footer.

        Raises:
            PolicyError: there is none (`preferences_path=None`).
        """
        own = self._own_path
        if own is None:
            raise PolicyError("preferences_path is None: there is no page to lead to")
        return own

    # The rest is the gate's and the endpoint's.

    @property
    def _request(self) -> RequestFacts:
        return RequestFacts.of(self._received)

    @property
    def _answers_withheld(self) -> bool:
        return self._situation.withheld

    @property
    def _page_language(self) -> str:
        """The language of page and banner: the site's word, the browser's, the policy's."""
        if self._language is not None:
            return self._language
        from consentgate.i18n.messages import available_languages
        from consentgate.i18n.negotiation import negotiate_language

        # It depends on the browser's languages, then: caches are told.
        if "Accept-Language" not in self._vary_fields:
            self._vary_fields = (*self._vary_fields, "Accept-Language")
        catalogue = self._gate._judge.catalogue
        return negotiate_language(
            self._request.accept_language or "", available_languages(catalogue.strings), catalogue.language
        )

    @property
    def _own_path(self) -> str | None:
        """The preferences page's path, mount included."""
        path = self._gate._preferences_path
        return None if path is None else self._request.own_path(path)

    def _view(self) -> "VisitorView":
        """Return the visitor's answers as page and banner show them."""
        from consentgate.rendering.view import VisitorView

        self._ask()
        return VisitorView(
            preferences=self._tokens.preferences,
            allowed=self._permissions.allowed,
            asked=self._permissions.asked,
            changed={answer.category: answer.at for answer in self._tokens.changed},
            denied=self._situation.denied,
            signals=self._signals,
            now=self._gate._now(),
        )

    def _choose(self, answers: Mapping[str, bool | None], *, answers_all: bool = False) -> bool:
        """Record a yes or no for each of these categories, or with None take the answer back.

        Every other answer keeps its day. Return whether it was recorded: where the browser held the
        visitor's answers back, only a choice that answers for all is, since a part would wipe the rest.

        Raises:
            PolicyError: an unknown category, or a necessary one refused.
            ResponseStarted: too late for this response to remember it.
        """
        catalogue, at = self._gate._judge.catalogue, int(self._gate._now())
        tokens = amend_answers(self._tokens, catalogue, answers, at, denied=self._situation.denied)
        if self._response_started:
            raise ResponseStarted("the response has started: no cookie can remember this choice")
        if self._answers_withheld and not answers_all:
            self._gate._warn(NOT_RECORDED)
            return False
        if tokens is not None:
            self._tokens = tokens
            kept = self._situation
            self._situation = tokens.situation._replace(denied=kept.denied, applies=kept.applies)
            self._permissions = self._gate._judge.permissions(self._situation)
            self._withheld = None
            self._chosen_at = at
        return True

    def _ask(self) -> None:
        """Note that the application's answer depends on the visitor, so its response varies (R80)."""
        if "Cookie" not in self._vary_fields:
            self._vary_fields = ("Cookie", *self._gate._signal_fields, *self._vary_fields)
            if self._response_started:
                self._gate._warn(ASKED_LATE)
