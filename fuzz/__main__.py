"""Fuzz with coverage: python -m fuzz TARGET [libFuzzer's options]; needs atheris. See `make fuzz`."""

import logging
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["consentgate"]):
    from .targets import TARGETS


def main() -> None:
    """Fuzz one target, beginning from its corpus and adding to it."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m fuzz TARGET [options]; targets: {', '.join(TARGETS)}")
    logging.disable()
    name = sys.argv.pop(1)
    corpus = Path(__file__).parent / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    atheris.Setup([*sys.argv, str(corpus)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
