"""A gate from an ini file, for PasteDeploy: ``use = egg:consentgate``.

    [filter:consentgate]
    use = egg:consentgate
    policy = %(here)s/portal.toml
    secret_key_file = %(here)s/secret.key

The other settings are options of `ConsentGate`: ``true`` or ``false``; several texts, separated by blanks;
``none``, for no preferences path.
"""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from consentgate.gate.middleware import ConsentGate
from consentgate.gate.options import INI, GateOptions

from ._keys import read_key
from .errors import PolicyError
from .policy import Policy

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def make_filter(app: WSGIApplication, global_conf: dict[str, str], **settings: str) -> ConsentGate:
    """Return *app* behind a gate; the ``paste.filter_app_factory`` of this package.

    Args:
        app: the application made by the rest of the pipeline.
        global_conf: the file's ``[DEFAULT]`` section, which is not read.
        settings: the filter's section: ``policy``, ``secret_key`` or ``secret_key_file``, and options.

    Raises:
        PolicyError: a setting is missing, unknown or invalid; the message names it.
    """
    try:
        return _policy(settings).wrap(app, **_options(settings))
    except PolicyError as error:
        lines = str(error).splitlines()
        raise PolicyError("\n".join(f"egg:consentgate: {line}" for line in lines)) from None


def _policy(settings: dict[str, str]) -> Policy:
    if "policy" not in settings:
        raise PolicyError("no 'policy', the path of a policy in TOML")
    path = settings["policy"]
    try:
        return Policy.from_toml(path)
    except OSError as error:
        raise PolicyError(f"policy: {path!r} cannot be read: {error.strerror}") from None


def _options(settings: dict[str, str]) -> dict[str, Any]:
    """Return the options of `Policy.wrap` that *settings* state."""
    if ("secret_key_file" in settings) == ("secret_key" in settings):
        raise PolicyError("either 'secret_key' or 'secret_key_file' is needed, and not both")
    options: dict[str, Any] = {}
    for name, text in settings.items():
        if name == "secret_key_file":
            options["secret_key"] = read_key(Path(text))
        elif name in _READERS:
            options[name] = _READERS[name](name, text)
        elif name != "policy":
            known = ", ".join(["policy", "secret_key_file", *_READERS])
            raise PolicyError(f"unknown setting {name!r}; known are {known}")
    return options


def _text(name: str, text: str) -> str:
    return text


def _texts(name: str, text: str) -> list[str]:
    return text.split()


def _truth(name: str, text: str) -> bool:
    try:
        return _TRUTH[text.lower()]
    except KeyError:
        raise PolicyError(f"{name} must be true or false, not {text!r}") from None


def _text_or_none(name: str, text: str) -> str | None:
    return None if text.lower() == "none" else text


_BY_NOTATION: dict[str, Callable[[str, str], object]] = {
    "text": _text,
    "texts": _texts,
    "truth": _truth,
    "text or none": _text_or_none,
}

_READERS = {
    option.name: _BY_NOTATION[option.metadata[INI]]
    for option in fields(GateOptions)
    if INI in option.metadata
}
