"""A gate from an ini file, for PasteDeploy: ``use = egg:consentgate``.

    [filter:consentgate]
    use = egg:consentgate
    policy = %(here)s/portal.toml
    secret_key_file = %(here)s/secret.key

The other settings are `ConsentGate`'s options that a text can state.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from consentgate.gate.middleware import ConsentGate

from .errors import PolicyError
from .policy import Policy

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def make_filter(app: WSGIApplication, global_conf: dict[str, str], **settings: str) -> ConsentGate:
    """Return *app* behind a gate; the ``paste.filter_app_factory`` of this package.

    Args:
        app: what the pipeline has made so far.
        global_conf: the file's ``[DEFAULT]`` section, which is not read.
        settings: the filter's section: ``policy``, ``secret_key`` or ``secret_key_file``, and options.

    Raises:
        PolicyError: a setting is missing, unknown, or cannot be as it is.
    """
    if "policy" not in settings:
        raise PolicyError("egg:consentgate: no 'policy', the path of a policy in TOML")
    policy = Policy.from_toml(settings.pop("policy"))
    key_file = settings.pop("secret_key_file", None)
    if (key_file is None) == ("secret_key" not in settings):
        raise PolicyError("egg:consentgate: either 'secret_key' or 'secret_key_file' is needed")
    options: dict[str, Any] = {}
    if key_file is not None:
        options["secret_key"] = Path(key_file).read_text().strip()
    for name, text in settings.items():
        if name not in _READERS:
            known = ", ".join(["policy", "secret_key_file", *_READERS])
            raise PolicyError(f"egg:consentgate: unknown setting {name!r}; known are {known}")
        options[name] = _READERS[name](name, text)
    return policy.wrap(app, **options)


def _text(name: str, text: str) -> str:
    return text


def _texts(name: str, text: str) -> list[str]:
    return text.split()


def _truth(name: str, text: str) -> bool:
    try:
        return _TRUTH[text.lower()]
    except KeyError:
        raise PolicyError(f"egg:consentgate: {name} must be true or false, not {text!r}") from None


def _path(name: str, text: str) -> str | None:
    return None if text.lower() == "none" else text


_READERS: dict[str, Callable[[str, str], object]] = {
    "secret_key": _text,
    "secret_key_fallbacks": _texts,
    "cookie_secure": _truth,
    "cookie_httponly": _truth,
    "preferences_path": _path,
    "trusted_origins": _texts,
    "undeclared": _text,
    "filter_requests": _truth,
    "expire_unaccepted": _truth,
    "report_only": _truth,
}
