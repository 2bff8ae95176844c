"""Makes objects of the records that the boefje has found."""

import json
import re

from .packet import ANSWERS, shown

# Names that may be a host's. One that ends in a number would be an address.
HOSTNAME = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]*[a-z_](?:[a-z0-9_-]*[a-z0-9_])?")


def run(input_ooi, raw):
    _, network, name = input_ooi["primary_key"].split("|", 2)
    found = json.loads(raw)
    return Objects(network, name.lower()).of(found["answers"])


class Objects:
    """The objects of one hostname's records, each of them once, after those that it refers to.

    Whoever keeps a zone writes what he likes into it: a name that is no hostname becomes no object,
    and neither does a record that needs one.
    """

    def __init__(self, network, name):
        self.network = network
        self.name = name
        # The same as records have it.
        self.shown = shown(name)
        self.found = []

    def of(self, answers):
        for answer in answers:
            rcode, records = answer["rcode"], answer["records"]
            if rcode not in ANSWERS:
                # No objects would mean that there are no records.
                raise ValueError(f"the resolver says {rcode} of {answer['type']}")
            names = self.aliased(records)
            # What others own is no answer.
            for record in records:
                if record["name"] in names:
                    self.record(record)
            if rcode == "NXDOMAIN" and (missing := self.hostname(names[-1])):
                self.add("NXDOMAIN", hostname=missing)
        return self.found

    def aliased(self, records):
        """The names that aliases lead to, one after the other from the hostname on."""
        targets = {one["name"]: one["target"] for one in records if one["type"] == "CNAME"}
        names = [self.shown]
        while (target := targets.get(names[-1])) is not None and target not in names:
            names.append(target)
        return names

    def record(self, record):
        owner = self.hostname(record["name"])
        fields = owner and getattr(self, record["type"].lower())(record)
        if fields:
            self.add(f"DNS{record['type']}Record", hostname=owner, ttl=record["ttl"], **fields)

    def a(self, record, kind="IPAddressV4"):
        value = record["address"]
        self.add(kind, network=f"Network|{self.network}", address=value)
        address = f"{kind}|{self.network}|{value}"
        # An alias leads to the address, too.
        for hostname in dict.fromkeys((self.own(), self.hostname(record["name"]))):
            self.add("ResolvedHostname", hostname=hostname, address=address)
        return {"value": value, "address": address}

    def aaaa(self, record):
        return self.a(record, "IPAddressV6")

    def cname(self, record):
        target = self.hostname(record["target"])
        return target and {"value": f"{record['target']}.", "target_hostname": target}

    def ns(self, record):
        server = self.hostname(record["target"])
        return server and {"value": f"{record['target']}.", "name_server_hostname": server}

    def mx(self, record):
        # It may be none: "." says that there is no mail.
        server = self.hostname(record["target"])
        preference = record["preference"]
        value = f"{preference} {record['target']}."
        return {"value": value, "mail_hostname": server, "preference": preference}

    def soa(self, record):
        owner = self.hostname(record["name"])
        self.add("DNSZone", hostname=owner)
        numbers = {key: record[key] for key in ("serial", "refresh", "retry", "expire", "minimum")}
        value = f"{record['master']}. {record['mailbox']}. {' '.join(map(str, numbers.values()))}"
        master = self.hostname(record["master"])
        return master and {"value": value, "soa_hostname": master, **numbers}

    def txt(self, record):
        return {"value": record["text"]}

    def hostname(self, name):
        """The reference of a hostname, which is an object of its own unless it is the input; `None`
        if the name can be none."""
        if name == self.shown:
            return self.own()
        if not HOSTNAME.fullmatch(name):
            return None
        self.add("Hostname", network=f"Network|{self.network}", name=name)
        return f"Hostname|{self.network}|{name}"

    def own(self):
        return f"Hostname|{self.network}|{self.name}"

    def add(self, object_type, **fields):
        new = {"object_type": object_type, **fields}
        if new not in self.found:
            self.found.append(new)
