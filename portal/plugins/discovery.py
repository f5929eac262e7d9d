"""Finds adapters and channels in the installed content; the engine names none of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from types import ModuleType

from portal.plugins.agency import Adapter
from portal.plugins.channel import Channel, Reaches
from portal.plugins.checks import adapter_faults, channel_faults
from portal.plugins.payment import Provider

GROUP = "portal.content"
#: What `agency.yaml` says where the adapter lies beside it.
OWN = "adapter.py"


class BadContent(RuntimeError):
    """A module of the content does not offer what it must."""


def packages(kind: str) -> list[str]:
    """Content packages of a kind (`services`, `channels`), by the names of the entry points; a third party adds its own, `services.NAME`."""
    return sorted({entry.value for entry in entry_points(group=GROUP) if entry.name.partition(".")[0] == kind})


@cache
def adapter(name: str, agency: str) -> Adapter:
    """The adapter an agency names: a shipped one, or its own `adapter.py`. LookupError where there is none, BadContent where it is not one."""
    path = f"{agency}.adapter" if name == OWN else f"adapters.{name}"
    for package in packages("services"):
        module = _module(f"{package}.{path}")
        if module:
            found = getattr(module, "ADAPTER", None)
            faults = adapter_faults(found)
            if faults or not isinstance(found, Adapter):
                raise BadContent(f"{module.__file__}: {'; '.join(faults)}")
            return found
    raise LookupError(f"no adapter `{name}` for the agency `{agency}` in the packages {', '.join(packages('services')) or '(none)'}")


@cache
def provider(name: str) -> Provider:
    """The provider of card payments an agency names. LookupError where there is none, BadContent where it is not one."""
    for package in packages("services"):
        module = _module(f"{package}.payments.{name}")
        if module:
            found = getattr(module, "PROVIDER", None)
            if not isinstance(found, Provider):
                raise BadContent(f"{module.__file__}: offer PROVIDER (portal/plugins/payment.py)")
            return found
    raise LookupError(f"no provider `{name}` in the packages {', '.join(packages('services')) or '(none)'}")


@cache
def channels() -> dict[str, Channel]:
    """Every channel by name. BadContent where a module offers none, or two offer the same name."""
    found: dict[str, Channel] = {}
    for package in packages("channels"):
        for name in _modules(package):
            module = import_module(f"{package}.{name}")
            one = getattr(module, "CHANNEL", None)
            faults = channel_faults(one, name)
            if name in found:
                faults.append(f"there is already a channel `{name}`")
            if faults or not isinstance(one, Channel):
                raise BadContent(f"{module.__file__}: {'; '.join(faults)}")
            found[name] = one
    return found


@cache
def reaching() -> dict[str, Reaches]:
    """Channels that reach somebody at an address of theirs, in the order in which they are tried where nobody chose one."""
    found = {name: one for name, one in channels().items() if isinstance(one, Reaches)}
    return dict(sorted(found.items(), key=lambda pair: (pair[1].order, pair[0])))


def _modules(package: str) -> Iterator[str]:
    import_module(package)
    for entry in sorted(files(package).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".py") and not entry.name.startswith("_"):
            yield entry.name.removesuffix(".py")


def _module(name: str) -> ModuleType | None:
    """The module, or None where there is no such one; a fault inside it comes out as it is."""
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name and (name == missing.name or name.startswith(f"{missing.name}.")):
            return None
        raise
