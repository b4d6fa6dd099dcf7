"""``python -m consentgate``."""

import sys

from .cli import main

sys.exit(main())
