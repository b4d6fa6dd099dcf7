"""The command line: ``consentgate`` or ``python -m consentgate``."""

import argparse
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from consentgate import __version__
from consentgate.catalogue.document import parse_document
from consentgate.catalogue.hints import list_hints
from consentgate.catalogue.lifetimes import duration
from consentgate.catalogue.toml import examine
from consentgate.i18n.messages import LANGUAGES, SOURCE, Translations, available_languages, list_messages
from consentgate.i18n.texts import Message, Text, in_language

from ._keys import KEY_VARIABLE, read_key
from .commands import against, complain, drift, explain
from .errors import PolicyError
from .policy import Policy


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 for done, 1 for a problem found, 2 for wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.command(arguments)
    except (PolicyError, OSError) as error:
        complain(str(error).splitlines())
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="consentgate",
        description="The cookie policy a site publishes is the cookie policy its server enforces.",
    )
    parser.add_argument("--version", action="version", version=f"consentgate {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    for add in (_add_demo, _add_keygen, _add_check, _add_render, _add_strings):
        add(commands.add_parser)
    explain.add_arguments(commands.add_parser("explain", help="say whether a cookie passes, and why"))
    drift.add_arguments(
        commands.add_parser("drift", help="list cookies and hosts that were seen and differ from the policy")
    )
    return parser


AddParser = Callable[..., argparse.ArgumentParser]


def _add_demo(add_parser: AddParser) -> None:
    demo = add_parser("demo", help="serve a small data portal behind its policy, on loopback")
    demo.add_argument(
        "--port", type=_port, help="0 for any free one (default: 8000, or another if that is taken)"
    )
    demo.add_argument(
        "--key-file",
        type=Path,
        help=f"file with the secret key (else ${KEY_VARIABLE}, else a new one at each start)",
    )
    demo.set_defaults(command=_demo)


def _add_keygen(add_parser: AddParser) -> None:
    add_parser("keygen", help="print a new secret key").set_defaults(command=_keygen)


def _add_check(add_parser: AddParser) -> None:
    check = add_parser("check", help="say all that is wrong with a policy file, and give hints")
    check.add_argument("policy", type=Path, help="a policy in TOML")
    check.add_argument(
        "--complete", action="store_true", help="also name each text that visitors are not given"
    )
    against.add_arguments(check)
    check.set_defaults(command=_check)


def _add_render(add_parser: AddParser) -> None:
    render = add_parser("render", help="print a policy file as a page")
    render.add_argument("policy", type=Path, help="a policy in TOML")
    render.add_argument("--format", choices=("markdown", "html", "json"), default="markdown")
    render.add_argument("--language", help="a code such as fr (default: the policy's own)")
    render.set_defaults(command=_render)


def _add_strings(add_parser: AddParser) -> None:
    strings = add_parser("strings", help="print the package's texts, to be reworded in a policy's [strings]")
    strings.add_argument("--language", default=SOURCE, choices=LANGUAGES)
    strings.set_defaults(command=_strings)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port


def _demo(arguments: argparse.Namespace) -> int:
    from consentgate.demo.serving import serve

    return serve(port=arguments.port, secret_key=_secret_key(arguments.key_file))


def _secret_key(key_file: Path | None) -> str:
    if key_file is not None:
        return read_key(key_file)
    return os.environ.get(KEY_VARIABLE) or secrets.token_urlsafe(32)


def _keygen(arguments: argparse.Namespace) -> int:
    print(secrets.token_urlsafe(32))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    source = str(arguments.policy)
    mapping = parse_document(arguments.policy.read_bytes(), source)
    policy, mistakes = examine(mapping, source, Policy)
    complain(mistakes)
    complain(f"{source}: hint: {hint}" for hint in list_hints(policy))
    if mistakes:
        return 1
    findings = [
        *_list_disagreements(policy),
        *_list_untranslated(policy),
        *(_list_missing_texts(policy) if arguments.complete else ()),
    ]
    for finding in findings:
        print(f"{source}: {finding}")
    if arguments.against is not None:
        against.print_asked_again(policy, Policy.from_toml(arguments.against))
    if findings:
        return 1
    cookies = sum(len(category.cookies) for category in policy.categories)
    print(f"{source}: {len(policy.categories)} categories, {cookies} cookies, nothing wrong")
    return 0


def _list_disagreements(policy: Policy) -> Iterator[str]:
    """Yield a line for each cookie that page and server would treat differently."""
    for cookie in policy.scopes_of(policy.cookie_name):
        if cookie.lifetime is not None and duration(cookie.lifetime) != policy.cookie_lifetime:
            yield (
                f"cookie {cookie.name!r}: lifetime {cookie.lifetime!r} is not cookie_lifetime, "
                f"{policy.cookie_lifetime.days} days: leave it out, it is filled in"
            )


def _list_untranslated(policy: Policy) -> Iterator[str]:
    """Yield a line for each text that lacks a language which other texts of the policy have."""
    texts = [("policy: site", policy.site), ("policy: title", policy.title)]
    for category in policy.categories:
        owner = f"category {category.key!r}"
        texts += [(f"{owner}: title", category.title), (f"{owner}: description", category.description)]
        for cookie in category.cookies:
            for name in ("function", "location", "purpose"):
                texts.append((f"{owner}, cookie {cookie.name!r}: {name}", getattr(cookie, name)))
    if policy.language not in available_languages(policy.strings):
        yield f"policy: the package has no texts in {policy.language!r}: see `consentgate strings`"
    languages = {code for _, text in texts if isinstance(text, Text) for code in text.translations}
    for where, text in texts:
        for language in sorted(languages - {policy.language}):
            if text and not isinstance(text, Message) and in_language(text, language) is None:
                yield f"{where} is not given in {language!r}"


def _list_missing_texts(policy: Policy) -> Iterator[str]:
    """Yield a line for each missing text that visitors must be given."""
    for name in ("controller", "contact"):
        if not getattr(policy, name):
            yield f"policy: no {name}"
    for category in policy.categories:
        if not category.description:
            yield f"category {category.key!r}: no description"
        for cookie in category.cookies:
            for text in cookie.missing():
                yield f"category {category.key!r}, cookie {cookie.name!r}: no {text}"


def _render(arguments: argparse.Namespace) -> int:
    policy = Policy.from_toml(arguments.policy)
    print(policy.render(arguments.format, language=arguments.language), end="")
    return 0


def _strings(arguments: argparse.Namespace) -> int:
    words = Translations(arguments.language, {})
    print(f"[strings.{arguments.language}]")
    for message in sorted(list_messages()):
        print(f"{json.dumps(message)} = {json.dumps(words.gettext(message), ensure_ascii=False)}")
    return 0
