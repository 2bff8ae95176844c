"""Makes objects of the records that the boefje has found."""

import json


def run(input_ooi, raw):
    _, network, name = input_ooi["primary_key"].split("|", 2)
    found = json.loads(raw)
    return Objects(network, name.lower()).of(found["answers"])


class Objects:
    """The objects of one hostname's records, each of them once, after those that it refers to."""

    def __init__(self, network, name):
        self.network = network
        self.name = name
        self.found = []

    def of(self, answers):
        for answer in answers:
            if answer["rcode"] == "NXDOMAIN":
                self.add("NXDOMAIN", hostname=self.own())
            for record in answer["records"]:
                self.record(record)
        return self.found

    def record(self, record):
        kind = record["type"]
        fields = getattr(self, kind.lower())(record)
        if fields is not None:
            owner = self.hostname(record["name"])
            self.add(f"DNS{kind}Record", hostname=owner, ttl=record["ttl"], **fields)

    def a(self, record, kind="IPAddressV4"):
        value = record["address"]
        self.add(kind, network=f"Network|{self.network}", address=value)
        address = f"{kind}|{self.network}|{value}"
        # An alias leads to the address, too.
        for hostname in {self.own(), self.hostname(record["name"])}:
            self.add("ResolvedHostname", hostname=hostname, address=address)
        return {"value": value, "address": address}

    def aaaa(self, record):
        return self.a(record, "IPAddressV6")

    def cname(self, record):
        target = self.hostname(record["target"])
        return {"value": f"{record['target']}.", "target_hostname": target}

    def ns(self, record):
        server = self.hostname(record["target"])
        return {"value": f"{record['target']}.", "name_server_hostname": server}

    def mx(self, record):
        # "." says that there is no mail.
        server = self.hostname(record["target"]) if record["target"] else None
        preference = record["preference"]
        value = f"{preference} {record['target']}."
        return {"value": value, "mail_hostname": server, "preference": preference}

    def soa(self, record):
        owner = self.hostname(record["name"])
        self.add("DNSZone", hostname=owner)
        numbers = {key: record[key] for key in ("serial", "refresh", "retry", "expire", "minimum")}
        value = f"{record['master']}. {record['mailbox']}. {' '.join(map(str, numbers.values()))}"
        return {"value": value, "soa_hostname": self.hostname(record["master"]), **numbers}

    def txt(self, record):
        return {"value": record["text"]}

    def hostname(self, name):
        """The reference of a hostname, which is an object of its own unless it is the input."""
        if name != self.name:
            self.add("Hostname", network=f"Network|{self.network}", name=name)
        return f"Hostname|{self.network}|{name}"

    def own(self):
        return self.hostname(self.name)

    def add(self, object_type, **fields):
        new = {"object_type": object_type, **fields}
        if new not in self.found:
            self.found.append(new)
