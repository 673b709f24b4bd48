"""The rows of inventory.txt: what memcached offers, and what ringcached does with it."""

import pathlib
from dataclasses import dataclass

FILE = pathlib.Path(__file__).resolve().parent / "inventory.txt"
STATES = ("done", "accepted", "refused")


@dataclass
class Row:
    """One thing that memcached offers; inventory.txt says what its fields mean."""
    section: str
    name: str
    state: str
    note: str
    probe: str

    def asked(self):
        """The probe's first half: what is given, sent or asked."""
        return self.probe.partition("=>")[0].strip()

    def expected(self):
        """The probe's second half."""
        return self.probe.partition("=>")[2].strip()


def read():
    """(titles by section, all rows), both in the order of the file. ValueError: a row is malformed."""
    titles, rows, section = {}, [], ""
    for number, line in enumerate(FILE.read_text(encoding="ascii").splitlines(), 1):
        if line.startswith("["):
            section, _, title = line.strip("[]").partition(": ")
            titles[section] = title
        elif line and not line.startswith("#"):
            fields = [field.strip() for field in line.split("|")]
            if len(fields) != 4 or not section or not _is_sound(Row(section, *fields)):
                raise ValueError(f"{FILE.name}:{number}: {line}")
            rows.append(Row(section, *fields))
    return titles, rows


def _is_sound(row):
    """A note explains what is not done, and nothing else; every row has a probe."""
    return bool(row.name and row.probe) and row.state in STATES and bool(row.note) == (row.state != "done")
