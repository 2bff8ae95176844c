"""Imports its neighbours in both ways."""

import os

from boefjes.plugins.nested import helpers

from ..helpers import WORD


def run(boefje_meta):
    found = os.path.exists("boefjes/plugins/trivial/main.py")
    return [({"text/plain"}, f"{WORD} {helpers.WORD} {found}")]
