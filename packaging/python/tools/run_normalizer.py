#!/usr/bin/env python3
"""`run-normalizer` under its old name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from boefjes.program import become  # noqa: E402

if __name__ == "__main__":
    become("run-normalizer")
