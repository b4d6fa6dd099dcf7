"""The benchmark's own honesty: a contender gates as it claims, and the oracle is not the gate."""

import pytest

from benchmarks.growth import exponent
from benchmarks.instructions import CEILINGS, report_excess
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


def test_a_workload_above_its_ceiling_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_excess(CEILINGS) == 0
    assert "TOO MUCH" not in capsys.readouterr().out
    assert report_excess({**CEILINGS, "W3": CEILINGS["W3"] + 1}) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "TOO MUCH" in line]
    assert line.startswith("W3")
