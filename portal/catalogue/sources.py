"""Where definitions lie: in installed packages (entry points `portal.content`) or in plain folders. Finds the files, reads no YAML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from portal.catalogue.faults import Fault
from portal.catalogue.tree import MAX_SIZE

GROUP = "portal.content"
#: Folders inside an agency's: decision tables that several services use, and letters.
PARTS: dict[str, Literal["table", "letter"]] = {"tables": "table", "letters": "letter"}


@dataclass(frozen=True)
class Source:
    """One file that ought to hold a definition."""

    kind: Literal["agency", "service", "journey", "table", "letter"]
    #: As it is shown to people.
    file: str
    #: Its name without `.yaml`, the folder's name for an agency: the id it must have.
    stem: str
    #: Folder it lies in: the agency of a service; of a letter, the one above its own.
    folder: str
    #: Names of the files beside it.
    beside: frozenset[str]
    raw: bytes
    #: The folder itself, of an agency.
    place: Traversable | None = field(default=None, compare=False)

    def shown(self, name: str) -> str:
        """A file beside this one as it is shown to people."""
        return _shown(self.place.joinpath(name)) if self.place else name

    def read(self, name: str) -> bytes:
        """The bytes of a file beside this one, one more than is taken where it is too large. FileNotFoundError for a name that is not there."""
        if self.place is None or name not in self.beside:
            raise FileNotFoundError(name)
        return _read(self.place.joinpath(name))


@dataclass
class Found:
    """What some folders and packages hold."""

    sources: list[Source] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    #: Whether there was a place for journeys; for agencies, a place for several and not just one agency's own folder.
    journeys: bool = False
    agencies: bool = False


def installed() -> tuple[str, ...]:
    """Names of the content packages that are installed; none where no entry point names one."""
    return tuple(sorted({entry.value for entry in entry_points(group=GROUP)}))


def find(packages: Iterable[str] = (), directories: Iterable[Path] = ()) -> Found:
    """Everything below the packages and directories. NotADirectoryError for a directory that does not exist, ValueError for one with nothing to find,
    and for a package that cannot be imported."""
    found = Found()
    for package in packages:
        try:
            _root(_near(files(package)), package, found)
        except ModuleNotFoundError as error:
            raise ValueError(f"content package `{package}` (entry point group `{GROUP}`) cannot be imported: {error}") from None
    for directory in directories:
        if not directory.is_dir():
            raise NotADirectoryError(f"{directory}: there is no such folder")
        before = len(found.sources) + len(found.faults)
        _root(directory, directory.resolve().name, found)
        if len(found.sources) + len(found.faults) == before:
            raise ValueError(f"{directory}: no definitions here; give a folder with `services/` and `journeys/`, or one agency's folder with its `agency.yaml`")
    return found


def _root(root: Traversable, name: str, found: Found) -> None:
    inside = {entry.name: entry for entry in _entries(root)}
    if "agency.yaml" in inside:
        _agency(root, name, found)
    elif any(part in inside and inside[part].is_dir() for part in ("services", "journeys")):
        if "services" in inside:
            _services(inside["services"], found)
        if "journeys" in inside:
            _journeys(inside["journeys"], found)
    elif name == "journeys":
        _journeys(root, found)
    elif name == "services" or any(_is_agency(entry) for entry in inside.values()):
        _services(root, found, journeys=name != "services")
    elif any(entry.endswith(".yaml") for entry in inside):
        _journeys(root, found)


def _services(root: Traversable, found: Found, *, journeys: bool = False) -> None:
    found.agencies = True
    for entry in _entries(root):
        if _is_agency(entry):
            _agency(entry, entry.name, found)
        elif entry.is_dir():
            for stray in _yaml(entry, found):
                found.faults.append(Fault(_shown(stray), 1, 1, "this folder has no `agency.yaml`: write one, or move the file to the folder of an agency"))
                break
    for entry in _yaml(root, found):
        if journeys:
            _journey(entry, found)
        else:
            found.faults.append(Fault(_shown(entry), 1, 1, "this file lies in no agency's folder: move it to `services/AGENCY/`"))


def _journeys(root: Traversable, found: Found) -> None:
    found.journeys = True
    for entry in _entries(root):
        if entry.is_dir():
            for stray in _yaml(entry, found):
                found.faults.append(Fault(_shown(stray), 1, 1, "journeys lie directly in `journeys/`: move the file one folder up"))
    for entry in _yaml(root, found):
        _journey(entry, found)


def _journey(entry: Traversable, found: Found) -> None:
    found.journeys = True
    found.sources.append(Source("journey", _shown(entry), _stem(entry), "", frozenset(), _read(entry)))


def _agency(folder: Traversable, name: str, found: Found) -> None:
    beside = frozenset(entry.name for entry in _entries(folder))
    for entry in _yaml(folder, found):
        if entry.name == "agency.yaml":
            found.sources.append(Source("agency", _shown(entry), name, name, beside, _read(entry), folder))
        elif not _mapping(entry.name):
            found.sources.append(Source("service", _shown(entry), _stem(entry), name, beside, _read(entry)))
    for inside in _entries(folder):
        if inside.name in PARTS and inside.is_dir():
            found.sources += [Source(PARTS[inside.name], _shown(entry), _stem(entry), name, beside, _read(entry)) for entry in _yaml(inside, found)]


def _is_agency(entry: Traversable) -> bool:
    return entry.is_dir() and entry.joinpath("agency.yaml").is_file()


def _entries(folder: Traversable) -> list[Traversable]:
    return sorted((entry for entry in folder.iterdir() if not entry.name.startswith((".", "__"))), key=lambda entry: entry.name)


def _yaml(folder: Traversable, found: Found) -> Iterator[Traversable]:
    for entry in _entries(folder):
        if entry.name.endswith(".yml"):
            found.faults.append(Fault(_shown(entry), 1, 1, f"definitions end in `.yaml`: rename it to `{entry.name[:-4]}.yaml`"))
        elif entry.name.endswith(".yaml") and entry.is_file():
            yield entry


def _mapping(name: str) -> bool:
    """A mapping of `portal replay` lies beside the agency of its city: `replay.yaml`, or another name with `replay` in it."""
    return "replay" in name


def _stem(entry: Traversable) -> str:
    return entry.name.removesuffix(".yaml")


def _read(entry: Traversable) -> bytes:
    with entry.open("rb") as file:
        return file.read(MAX_SIZE + 1)


def _near(root: Traversable) -> Traversable:
    """Installed content below the working folder is shown as a person there would write it."""
    here = Path.cwd()
    return root.relative_to(here) if isinstance(root, Path) and root.is_relative_to(here) else root


def _shown(entry: Traversable) -> str:
    return str(entry)
