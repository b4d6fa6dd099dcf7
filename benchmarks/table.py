"""The one table: every contender at every workload."""

from importlib import import_module

from .contenders import CONTENDERS
from .timing import Entry, run
from .workloads import WORKLOADS

_NEEDS = {
    "django-cookie-consent": "cookie_consent",
    "Flask-Consent": "flask_consent",
    "WhiteNoise, a miss": "whitenoise",
    "Beaker": "beaker",
}
OURS = ("noop", "floor", "plain", "default")


def installed(name: str) -> bool:
    """Return whether the package a contender needs can be imported."""
    try:
        import_module(_NEEDS.get(name, "itsdangerous"))
    except ImportError:
        return False
    except Exception:  # Django's models, before its settings
        return True
    return True


def table(short: bool = False) -> dict[str, dict[str, float]]:
    """Print and return ns added per request, by contender and workload; short: no peers."""
    names = [name for name in (OURS if short else CONTENDERS) if installed(name)]
    added: dict[str, dict[str, float]] = {name: {} for name in names}
    for workload in WORKLOADS.values():
        # Peers may be a thousand times slower and evict CPU caches: they are timed in a separate run.
        for group in (names[: len(OURS)], [names[0], *names[len(OURS) :]]):
            entries = [Entry(name, workload) for name in group]
            run(entries, (40 if short else 250) if len(group) == len(OURS) else 30)
            for entry in entries:
                added[entry.name].setdefault(workload.name, round(entry.added))
            if short:
                break
    _print(added)
    return added


def _print(added: dict[str, dict[str, float]]) -> None:
    print("us added per request; W1 to W6 are explained in docs/topics/performance.md")
    print(f"{'':24}" + "".join(f"{name:>9}" for name in WORKLOADS))
    for name, row in added.items():
        print(f"{name:24}" + "".join(f"{row[each] / 1000:>9,.1f}" for each in WORKLOADS))
