"""Thirty-two visitors at once behind one gate: nobody gets what another has chosen."""

import random
import sys
import threading
from collections.abc import Iterator

import pytest

from consentgate.testing import Application, Visitor
from tests.conftest import KEY, MATRIX, make_policy
from tests.serving import PATIENCE

COOKIE_OF = {"statistical": "_pk_id", "internal": "theme", "third-party": "vid"}
SITE = Application(response_headers=tuple(("Set-Cookie", line) for line in MATRIX))


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_concurrent_visitors_never_get_each_others_choices() -> None:
    """R95, R96."""
    gate = make_policy().wrap(SITE, secret_key=KEY)
    wrong: list[str] = []
    together = threading.Barrier(32, timeout=PATIENCE)

    def visit(number: int) -> None:
        choose = random.Random(number)
        visitor = Visitor(gate, origin="https://example.org")
        together.wait()
        for _ in range(8):
            accepted = {key for key in COOKIE_OF if choose.random() < 0.5}
            visitor.save(*accepted)
            visitor.get("/shop/")
            due = {"sid", "cookies_preferences", *(COOKIE_OF[key] for key in accepted)}
            if set(visitor.jar) != due:
                wrong.append(f"visitor {number}: {set(visitor.jar)}, not {due}")

    threads = [threading.Thread(target=visit, args=(number,), daemon=True) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert wrong == []
