"""``python -m textsiam`` is the command line."""

import sys

from textsiam.cli import main

sys.exit(main())
