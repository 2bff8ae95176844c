"""Becomes the program that has taken the place of this package."""

import os
import sys

# Where it is, if it is not in PATH.
VARIABLE = "BOEFJES_PROGRAM"


def become(*command):
    """Does not return. The arguments of this process go behind the command."""
    program = os.environ.get(VARIABLE) or "boefjes"
    try:
        os.execvp(program, [program, *command, *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"{program}: {error.strerror}; {VARIABLE} says where the program is")
