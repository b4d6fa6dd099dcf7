"""The benchmark's own honesty: a contender gates as it claims, and the oracle is not the gate."""

import pytest

from benchmarks import hosts
from benchmarks.growth import exponent
from benchmarks.instructions import REACHED, report_excess
from benchmarks.recorder import recorder
from benchmarks.table import OURS
from benchmarks.timing import Entry
from benchmarks.workloads import HEAD, WORKLOADS, expected


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize("contender", [*OURS, "by hand, WebOb", "by hand, Werkzeug"])
def test_a_contender_that_gates_lets_the_allowed_cookies_through(contender: str, workload: str) -> None:
    for _ in range(3):
        Entry(contender, WORKLOADS[workload]).check()


def test_a_contender_that_gates_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry("noop", WORKLOADS["W3"])
    monkeypatch.setattr(entry.contender, "gates", True)
    with pytest.raises(SystemExit, match=r"lets .*_fbp.* through"):
        entry.check()


def test_the_oracle_lists_the_allowed_cookies() -> None:
    names = ["sessionid", "_ga_X", "_fbp", "zzz"]
    fields = HEAD + [("Set-Cookie", f"{name}=1") for name in names]
    assert expected(WORKLOADS["W3"], fields) == ["sessionid", "_ga_X"]
    assert expected(WORKLOADS["W5b"], fields) == ["sessionid"]


def test_the_growth_is_fitted() -> None:
    assert exponent([(1, 5.0), (2, 10.0), (4, 20.0)]) == pytest.approx(1)
    assert exponent([(1, 5.0), (10, 5.0)]) == pytest.approx(0)


def test_the_recorder_is_measured() -> None:
    measured = recorder(short=True)
    assert measured.keys() == {"note", "note by discover", "flush of 20", "flush of 1000"}
    assert all(nanoseconds > 0 for nanoseconds in measured.values())


def test_a_workload_that_has_become_dearer_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_excess(REACHED) == 0
    assert "TOO MUCH" not in capsys.readouterr().out
    assert report_excess({**REACHED, "W3": REACHED["W3"] + 1}) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "TOO MUCH" in line]
    assert line.startswith("W3")


@pytest.mark.parametrize("returning", [False, True])
def test_a_timed_response_with_hosts_carries_the_field(returning: bool) -> None:
    names = {}
    for declared in (False, True):
        documents = hosts.Documents(hosts=declared, returning=returning)
        documents.microseconds(1, 1)
        names[declared] = [name for name, _ in documents.fields]
        field = dict(documents.fields).get("Content-Security-Policy", "")
        assert ("maps.example" in field) is (declared and returning)
    assert names[True] == [*names[False], "Content-Security-Policy"]


def test_hosts_are_timed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts.Documents, "microseconds", lambda documents, requests, rounds: 2.0)
    assert hosts.hosts(short=True)["new"] == {"without": 2.0, "with": 2.0, "added": 0.0}
    assert "TOO MUCH" not in capsys.readouterr().out
