"""One request's visit: what its visitor allows, and the choice made in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from consentgate._urls import quote_path, quote_query
from consentgate.catalogue.category import Basis
from consentgate.consent.preferences import Preferences, State, answers_to
from consentgate.consent.verdict import Judge, Reason, Standing, Verdict
from consentgate.i18n.messages import spoken

from .errors import NoGate, PolicyError, ResponseStarted

if TYPE_CHECKING:
    from markupsafe import Markup

    from consentgate.rendering.html import Renderer
    from consentgate.rendering.view import VisitorView

ENVIRON_KEY = "consentgate.visit"

Place = tuple[str, str, str, str | None]
"""SCRIPT_NAME, PATH_INFO, QUERY_STRING and HTTP_ACCEPT_LANGUAGE, from before the application had them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all visits behind one gate share.

    Attributes:
        judge: the policy.
        clock: gives Unix seconds.
        applies: whether the policy applies to their requests.
        preferences_path: where the visitor's page is, None where there is none.
        language: what the site speaks, None if the browser decides.
        renderer: gives what draws the banner, once there is something to draw; a plain one, unless given.
        asked_late: called when the application first asks after its response has started.
        gate: the gate's policy, options and keys; of two gates with equal ones, one acts.
    """

    judge: Judge
    clock: Callable[[], float]
    applies: bool = True
    preferences_path: str | None = None
    language: str | None = None
    renderer: Callable[[], "Renderer"] | None = None
    asked_late: Callable[[], object] = lambda: None
    gate: object = None


class Course(NamedTuple):
    """What has happened in a visit so far.

    Attributes:
        varies: names of the request's fields that the application's answer was made to depend on, by
            its questions (R80).
        chosen_at: when a choice was made in this request, in Unix seconds; None if none was.
    """

    varies: tuple[str, ...] = ()
    chosen_at: int | None = None


UNEVENTFUL = Course()
"""Most visits' course, to their end."""

ASKED = Course(("Cookie",))


class Visit:
    """What the visitor behind one request allows; and how the application records a choice.

    Find it with `Visit.from_environ(environ)`. A choice takes effect in the response to this very
    request (R85) and is remembered in the next.
    """

    __slots__ = ("course", "place", "setting", "standing", "told")

    setting: Setting
    """What it shares with other visits behind its gate."""

    standing: Standing
    """Where the visitor stands, read without that counting as a question."""

    place: Place
    """Where the request was for."""

    course: Course
    """What has happened in it so far."""

    told: tuple[Any, ...] | None
    """What there were events of, since start_response may be called again (R86); None before it is."""

    @classmethod
    def from_environ(cls, environ: dict[str, Any]) -> "Visit":
        """Return the visit of the request with this environ.

        Raises:
            NoGate: no gate stands before this application.
        """
        visit = environ.get(ENVIRON_KEY)
        if not isinstance(visit, Visit):
            raise NoGate(
                "no gate stands before this application; wrap it where it is made: "
                "app = policy.wrap(app, secret_key=...)"
            )
        return visit

    @property
    def preferences(self) -> Preferences:
        """The visitor's valid answers."""
        self._ask()
        return self.standing.preferences

    @property
    def allowed(self) -> tuple[str, ...]:
        """Keys of the categories this visit allows, in the policy's order."""
        self._ask()
        keys = (category.key for category in self.setting.judge.catalogue.categories)
        return tuple(key for key in keys if self._allows(key))

    @property
    def needs_choice(self) -> bool:
        """Whether there is something to ask this visitor."""
        self._ask()
        return self.setting.applies and self.standing.needs_choice

    def allows(self, category_key: str) -> bool:
        """Tell whether cookies of this category may be set and read in this visit.

        Raises:
            PolicyError: an unknown category; names those there are.
        """
        self._ask()
        if category_key in self.standing.allowed and category_key is not None:
            return True
        return self._allows(self.setting.judge.catalogue.category(category_key).key)

    def allows_cookie(self, name: str) -> bool:
        """Tell whether a cookie of this name may be set and read in this visit."""
        return self.explain(name).admitted

    def explain(self, cookie_name: str) -> Verdict:
        """Return whether a cookie of this name is admitted, why, and under which category."""
        self._ask()
        verdict = self.setting.judge.judge(cookie_name, self.standing)
        if not self.setting.applies:
            return Verdict(True, Reason.NOT_APPLICABLE, verdict.category)
        return verdict

    def state(self, category_key: str) -> State:
        """Return what the visitor said of a category: ``"accepted"``, ``"refused"`` or ``"unset"``.

        Raises:
            PolicyError: an unknown category; names those there are.
        """
        self._ask()
        key = self.setting.judge.catalogue.category(category_key).key
        return self.standing.preferences.state(key)

    def accept(self, *category_keys: str) -> None:
        """Record the visitor's yes to these categories; every other answer keeps its day.

        Raises:
            PolicyError: an unknown category.
            ResponseStarted: too late for this response to remember it.
        """
        self.choose(dict.fromkeys(category_keys, True))

    def refuse(self, *category_keys: str) -> None:
        """Record the visitor's no to these categories; every other answer keeps its day.

        Withdrawing is refusing (R7).

        Raises:
            PolicyError: an unknown category, or a necessary one.
            ResponseStarted: too late for this response to remember it.
        """
        self.choose(dict.fromkeys(category_keys, False))

    def accept_all(self) -> None:
        """Record the visitor's yes to every category there is to choose.

        Raises:
            ResponseStarted: too late for this response to remember it.
        """
        self.choose(dict.fromkeys(self.setting.judge.catalogue.digests, True))

    def refuse_all(self) -> None:
        """Record the visitor's no to every category but the necessary ones, exempt ones included.

        Raises:
            ResponseStarted: too late for this response to remember it.
        """
        self.choose(dict.fromkeys(self.setting.judge.catalogue.digests, False))

    def choose(self, answers: Mapping[str, bool]) -> None:
        """Record the visitor's yes or no to each of these categories; every other answer keeps its day.

        Raises:
            PolicyError: an unknown category, or a necessary one refused.
            ResponseStarted: too late for this response to remember it.
        """
        setting = self.setting
        at = int(setting.clock())
        given = answers_to(setting.judge.catalogue, answers, at)
        if self.has_started:
            raise ResponseStarted("the response has started: no cookie can remember this choice")
        if given:
            preferences = self.standing.preferences.amended(given)
            self.standing = setting.judge.standing(preferences)
            self.course = self.course._replace(chosen_at=at)

    @property
    def language(self) -> str:
        """The language to speak to this visitor in: the site's word, the browser's, the policy's."""
        if self.setting.language is not None:
            return self.setting.language
        from consentgate.i18n.negotiation import negotiated

        # It depends on what the browser asked for, then: caches are told.
        varies = self.course.varies
        if "Accept-Language" not in varies:
            self.course = self.course._replace(varies=(*varies, "Accept-Language"))
        catalogue = self.setting.judge.catalogue
        return negotiated(self.place[3] or "", spoken(catalogue.strings), catalogue.language)

    # What the gate asks of a visit

    @property
    def has_started(self) -> bool:
        """Whether the response has started: a choice would come too late."""
        return self.told is not None

    def is_underway_behind(self, gate: object) -> bool:
        """Tell whether this visit's response is still to come, through a gate equal to *gate*."""
        return not self.has_started and self.setting.gate == gate

    def _allows(self, key: str) -> bool:
        return not self.setting.applies or key in self.standing.allowed

    def _ask(self) -> None:
        course = self.course
        if course is UNEVENTFUL:
            self.course = ASKED
        elif "Cookie" in course.varies:
            return
        else:
            self.course = course._replace(varies=("Cookie", *course.varies))
        if self.told is not None:
            self.setting.asked_late()

    # Temporary, until the visit is rewritten: page, banner, placeholder.

    @property
    def view(self) -> "VisitorView":
        """The visitor, as page and banner show one."""
        from consentgate.rendering.view import VisitorView

        self._ask()
        standing, catalogue = self.standing, self.setting.judge.catalogue
        asked = tuple(
            each.key
            for each in catalogue.categories
            if each.basis is Basis.CONSENT
            and each.key in catalogue.digests
            and standing.preferences.answer(each.key) is None
        )
        return VisitorView(
            preferences=standing.preferences,
            allowed=frozenset(self.allowed),
            asked=asked if self.needs_choice else (),
            now=self.setting.clock(),
        )

    def banner(self, *, action: str | None = None, next: str | None = None) -> "Markup":
        """Return the question as HTML for the top of a page, empty when there is nothing to ask (R76).

        Args:
            action: where its form posts to; the preferences page, unless given.
            next: path to return to after the choice; that of this request, unless given.

        Raises:
            PolicyError: there is no page to post to (`preferences_path=None`), and no *action*.
        """
        own = self._own_page
        if action is None and own is None:
            raise PolicyError("preferences_path is None: say where the banner posts to, banner(action=...)")
        return self._drawer.banner(
            self.view,
            action=action or str(own),
            next=next or self._here,
            page=own,
            language=self.language,
        )

    def form(self, *, next: str | None = None) -> "Markup":
        """Return the page's forms, for a layout of the site's own."""
        from consentgate.rendering.assets import stylesheet

        own = self.preferences_url
        return self._drawer.form(
            self.view,
            action=own,
            next=next or self._here,
            language=self.language,
            stylesheet=f"{own}/{stylesheet()[0]}",
        )

    def placeholder(self, category_key: str) -> "Markup":
        """Return what stands where an embed would, until its category is allowed."""
        from consentgate.rendering.assets import stylesheet

        own = self.preferences_url
        return self._drawer.placeholder(
            self.view,
            category_key,
            action=own,
            next=self._here,
            language=self.language,
            stylesheet=f"{own}/{stylesheet()[0]}",
        )

    @property
    def preferences_url(self) -> str:
        """Path of the visitor's page, mount included.

        Raises:
            PolicyError: there is none (`preferences_path=None`).
        """
        if self._own_page is None:
            raise PolicyError("preferences_path is None: there is no page of ours")
        return self._own_page

    @property
    def _own_page(self) -> str | None:
        path = self.setting.preferences_path
        return None if path is None else quote_path(self.place[0]) + path

    @property
    def _here(self) -> str:
        script_name, path_info, query_string, _ = self.place
        page = quote_path(script_name) + quote_path(path_info)
        query = quote_query(query_string)
        return f"{page}?{query}" if query else page

    @property
    def _drawer(self) -> "Renderer":
        # Loaded when there is something to draw, not with the package.
        from consentgate.rendering.html import Renderer

        setting = self.setting
        return setting.renderer() if setting.renderer else Renderer(setting.judge.catalogue)
