"""``consentgate drift``: compare the cookies and hosts that were seen with a policy."""

import argparse
import sqlite3
from pathlib import Path

from consentgate.drift.draft import to_toml
from consentgate.drift.families import FAMILIES, Known, read_known
from consentgate.drift.report import make_report
from consentgate.drift.store import read_facts
from consentgate.drift.table import to_json, to_table
from consentgate.errors import PolicyError
from consentgate.policy import Policy

from . import MISUSE, complain

NOTHING_TO_DO, SOMETHING_TO_DO = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its *parser*."""
    parser.add_argument("stores", nargs="+", type=Path, metavar="FILE", help="a drift store; several add up")
    parser.add_argument("--policy", type=Path, help="the policy in TOML that it is compared with")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--toml", action="store_true", help="draft the declarations that are missing")
    output.add_argument("--json", action="store_true", help="for programs, each cookie by its own name")
    parser.add_argument(
        "--known", type=Path, metavar="FILE", help="a copy of the Open Cookie Database (CSV), to say more"
    )
    for unit, seen in (("times", "fewer times"), ("days", "on fewer days")):
        parser.add_argument(
            f"--min-{unit}",
            type=_whole_number,
            default=1,
            metavar="N",
            help=f"leave out what is undeclared and was seen {seen} (default: 1)",
        )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report; return 0 if there is nothing to do, 1 if there is, 2 if a file cannot be read."""
    try:
        known = Known(FAMILIES, read_known(arguments.known) if arguments.known else ())
        policy = Policy.from_toml(arguments.policy) if arguments.policy else None
        facts = [fact for store in arguments.stores for fact in read_facts(store)]
    except (PolicyError, OSError, sqlite3.Error) as error:
        complain(str(error).splitlines())
        return MISUSE
    report = make_report(facts, policy, min_times=arguments.min_times, min_days=arguments.min_days)
    if arguments.toml:
        print(to_toml(report, known, policy), end="")
    elif arguments.json:
        print(to_json(report, known))
    else:
        print(to_table(report, known), end="")
    return NOTHING_TO_DO if report.is_clean else SOMETHING_TO_DO


def _whole_number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
