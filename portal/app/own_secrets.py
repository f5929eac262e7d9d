"""Secrets somebody could guess: production does not begin with them."""

from __future__ import annotations

from portal.errors import Unsafe
from portal.settings import Settings

#: What people leave standing, or type to have something: none of it was drawn at random.
KNOWN = ("changeme", "change-me", "secret", "password", "example", "default", "onedoor", "insecure", "development", "1234567890", "qwerty")


def weak(secret: str, shortest: int = 32) -> bool:
    """Too short, of too few different characters, the same again and again, or with a word everybody tries in most of it."""
    again = secret in (secret + secret)[1:-1]
    known = max((len(word) * secret.lower().count(word) for word in KNOWN), default=0)
    return len(secret) < shortest or len(set(secret)) < 10 or again or known * 3 >= len(secret)


def demand_safe(chosen: Settings) -> None:
    """Unsafe, saying what to set, where production has a secret somebody could guess."""
    if chosen.mode != "production":
        return
    for name, secret in zip(("SECRET_KEY", *["SECRET_KEY_FALLBACKS"] * 9), chosen.secret_keys, strict=False):
        if weak(secret):
            raise Unsafe(f"{name} is missing, shorter than 32 characters, or not random: draw it (`openssl rand -base64 48`), the same for every process")
    token = chosen.metrics_token.get_secret_value()
    if token and weak(token, 24):
        raise Unsafe("METRICS_TOKEN is shorter than 24 characters, or not random: draw it (`openssl rand -base64 24`), or leave it out")
