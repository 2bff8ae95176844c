"""Makes a virtual environment with the packages that a plugin asks for.

Started by itself, with the place of the environment and the file of requirements as arguments. Paths
in that file begin where it lies.
"""

import os
import subprocess
import sys


def main(place, requirements):
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError as error:
        sys.exit(f"this Python makes no virtual environments ({error}): is python3-venv installed?")
    os.chdir(os.path.dirname(requirements))
    # The folder is there, new and empty: nothing that lay there before is followed or emptied.
    venv.EnvBuilder(symlinks=True, with_pip=True).create(place)
    python = os.path.join(place, "bin", "python")
    pip = [python, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    subprocess.run([*pip, "-r", requirements], stdin=subprocess.DEVNULL, check=True)
    print("installed")


if __name__ == "__main__":
    # Whoever starts it reads one stream.
    os.dup2(1, 2)
    main(*sys.argv[1:])
