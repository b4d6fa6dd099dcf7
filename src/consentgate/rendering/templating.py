"""Make the Jinja2 environment: a site's templates before this package's. The demo imports Jinja2 too."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined

from consentgate.errors import PolicyError

FOLDER = "consentgate"
"""Folder of this package's templates: it keeps their names apart from a site's."""


def make_environment(templates: object = None) -> Environment:
    """Return an environment that finds this package's templates and escapes everything.

    Args:
        templates: a folder or a loader, whose ``consentgate/*.html`` replace this package's; or a site's
            environment, which is not changed: an overlay of it is returned.

    Raises:
        PolicyError: *templates* can't be used; the message says how to mend it.
    """
    ours = PackageLoader("consentgate.rendering")
    if isinstance(templates, Environment):
        _check_escapes(templates)
        loaders = [ours] if templates.loader is None else [templates.loader, ours]
        return templates.overlay(
            loader=ChoiceLoader(loaders), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
    loader: BaseLoader = ours
    if templates is not None:
        loader = ChoiceLoader([_loader(templates), ours])
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def request_context(environment: Environment, environ: Mapping[str, Any]) -> AbstractContextManager[object]:
    """Return the context that a framework's template helpers need outside its application.

    Flask's environment has its application as ``app``; ``url_for`` and ``request`` need its request
    context.
    """
    make_context = getattr(getattr(environment, "app", None), "request_context", None)
    if not callable(make_context):
        return nullcontext()
    context: AbstractContextManager[object] = make_context(dict(environ))
    return context


def _check_escapes(environment: Environment) -> None:
    escapes = environment.autoescape
    if not (escapes(f"{FOLDER}/page.html") if callable(escapes) else escapes):
        raise PolicyError(
            "templates: this environment does not escape what it shows; make it with "
            "Environment(autoescape=True, ...)"
        )


def _loader(templates: object) -> BaseLoader:
    if isinstance(templates, BaseLoader):
        return templates
    if not isinstance(templates, (str, os.PathLike)):
        raise PolicyError(
            f"templates must be a folder, a Jinja2 loader or a Jinja2 environment, not {templates!r}"
        )
    folder = os.path.join(templates, FOLDER)
    if not os.path.isdir(folder):
        raise PolicyError(
            f"templates: there is no folder {os.fspath(folder)!r}; a template that takes the place "
            f"of ours is called {FOLDER}/page.html, {FOLDER}/banner.html, and so on"
        )
    return FileSystemLoader(os.fspath(templates))
