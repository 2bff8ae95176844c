"""`python -m boefjes` is `boefjes`."""

from boefjes.program import become

if __name__ == "__main__":
    become()
