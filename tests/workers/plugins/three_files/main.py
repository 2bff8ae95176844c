from boefjes.job_models import BoefjeMeta


def run(boefje_meta: BoefjeMeta) -> list[tuple[set, bytes | str]]:
    page = b"<p>two</p>"
    return [
        ({"text/plain"}, "one"),
        ({"text/html", "own/page"}, page),
        # Neither of the first two is a media type.
        ({"page", "a/b", "own/three"}, "drei: \u00fc"),
    ]
