"""Secret keys from files, and the variable that may hold one."""

from pathlib import Path

from .errors import PolicyError

KEY_VARIABLE = "CONSENTGATE_SECRET_KEY"
"""The environment variable with the secret key, where no key file is given."""


def read_key(path: Path) -> str:
    """Return the secret key in the file at *path*, without the blanks and line ends around it.

    Raises:
        PolicyError: the file cannot be read, is empty, or is not text; its content is never shown.
    """
    try:
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise PolicyError(f"key file {str(path)!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PolicyError(
            f"key file {str(path)!r} is not text in UTF-8; `consentgate keygen` prints a key to put in it"
        ) from None
    if not key:
        raise PolicyError(f"key file {str(path)!r} is empty; `consentgate keygen` prints a key to put in it")
    return key
