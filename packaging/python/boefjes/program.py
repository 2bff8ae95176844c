"""Becomes the program that has taken the place of this package."""

import os
import shutil
import sys

# Where it is, if it is in none of these folders.
VARIABLE = "BOEFJES_PROGRAM"
# Not everybody has these in PATH.
MORE = ["/usr/local/sbin", "/usr/sbin"]


def become(*command):
    """Does not return. The arguments of this process go behind the command."""
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *MORE])
    program = os.environ.get(VARIABLE) or shutil.which("boefjes", path=folders) or "boefjes"
    try:
        os.execvp(program, [program, *command, *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"{program}: {error.strerror}; {VARIABLE} says where the program is")
