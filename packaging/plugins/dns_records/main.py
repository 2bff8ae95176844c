"""Asks for the DNS records of a hostname."""

import json
import os

from boefjes.config import settings

from .packet import TYPES
from .resolver import Resolver

RECORD_TYPES = "A,AAAA,MX,NS,SOA,TXT,CNAME"
DEFAULT_NS = "1.1.1.1"


def run(boefje_meta):
    # The workers of 1.20 give a dict.
    job = boefje_meta if isinstance(boefje_meta, dict) else boefje_meta.model_dump()
    hostname = job["arguments"]["input"]["name"]
    remote_ns = os.environ.get("REMOTE_NS") or getattr(settings, "remote_ns", DEFAULT_NS)
    resolver = Resolver(remote_ns)
    answers = []
    for kind in wanted(os.environ.get("RECORD_TYPES") or RECORD_TYPES):
        rcode, records = resolver.ask(hostname, kind)
        answers.append({"type": kind, "rcode": rcode, "records": records})
        if rcode == "NXDOMAIN" and not records:
            # No type has any. An alias is there, whatever it leads to.
            break
    found = {"hostname": hostname, "resolver": remote_ns, "answers": answers}
    return [({"application/json"}, json.dumps(found))]


def wanted(names):
    """The types that are asked for."""
    kinds = [name.strip().upper() for name in names.split(",") if name.strip()]
    for kind in kinds:
        if kind not in TYPES:
            raise ValueError(f"RECORD_TYPES: {kind!r} is none of {', '.join(TYPES)}")
    return kinds
