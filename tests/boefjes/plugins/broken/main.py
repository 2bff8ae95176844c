"""Cannot be imported where a package is missing."""

import a_package_that_nobody_has


def run(boefje_meta):
    return a_package_that_nobody_has.run(boefje_meta)
