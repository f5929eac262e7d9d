"""What an operator sets, read once from the environment. `portal settings` prints this list."""

from __future__ import annotations

import json
from functools import cache
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Environment variables; names are the fields in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    mode: Literal["production", "local", "test"] = Field(
        default="production", alias="PORTAL_MODE", description="`local` is one machine with sample people; it refuses to face the world"
    )
    database_url: str = Field(default="postgresql:///onedoor", description="PostgreSQL 15 or newer; the login takes a role of its scope for each transaction")
    owner_database_url: str | None = Field(default=None, description="Owner of the tables, for migrations; absent: DATABASE_URL")
    redis_url: str = Field(default="redis://127.0.0.1:6379/0", description="Carries wake-ups only; may vanish")
    secret_key: SecretStr = Field(default=SecretStr(""), description="At least 32 characters: case secrets and stored answers are derived from it")
    secret_key_fallbacks: SecretStr = Field(
        default=SecretStr(""),
        description="Earlier values of SECRET_KEY, commas between them, or a JSON list: what was made with them stays good, nothing new is made",
    )
    public_url: str = Field(default="http://127.0.0.1:8000", description="Address citizens and agencies reach the portal at, no slash at the end")
    metrics_token: SecretStr = Field(default=SecretStr(""), description="At least 24 characters: who brings it as bearer token reads /metrics; absent: nobody")
    metrics_dir: str = Field(default="", description="Folder in which all processes of this machine count, emptied at boot; absent: each counts for itself")
    otel_exporter_otlp_endpoint: str = Field(
        default="",
        description="Collector that takes traces (OTLP over HTTP), with the extra `otel`; absent: none. Other OTEL_ settings hold as OpenTelemetry names them",
    )
    trace_share: float = Field(default=1.0, ge=0.0, le=1.0, description="Share of requests that are traced, chosen by their number")
    log_format: Literal["", "json", "plain"] = Field(default="", description="Lines of the log; absent: plain in the local mode, else json")
    sign_in: str = Field(default="", description="File with the OpenID providers people sign in with (TOML, deploy/sign-in.toml); absent: nobody signs in")
    token_issuer: str = Field(default="", description="Issuer of the bearer tokens that are taken (RFC 9068); absent: no bearer tokens")
    token_audience: str = Field(default="onedoor", description="Audience demanded of bearer tokens")
    token_keys: str = Field(default="", description="File with the issuer's public keys (JWK Set, RFC 7517)")
    smtp_host: str = Field(default="127.0.0.1", description="Where outgoing mail is handed over")
    smtp_port: int = Field(default=25, description="Its port")
    mail_from: str = Field(default="portal@localhost", description="Sender of outgoing mail")
    mail_return: str = Field(
        default="", description="Address bounces of notices come back to, of our own mail intake, which answers nothing there; absent: none come"
    )
    mail_host: str = Field(default="127.0.0.1", description="Address the mail intake listens on")
    mail_protocol: Literal["smtp", "lmtp"] = Field(
        default="smtp", description="What the mail intake speaks: `lmtp` where a mail server on the same machine hands over"
    )
    mail_port: int = Field(default=2525, description="Port the mail intake listens on")
    agency_secrets: str = Field(default="", description="File with a Standard Webhooks secret for each agency: `agency: whsec_...`, one a line")
    channel_keys: str = Field(default="", description="File with keys we gave to applications that write by Open311: `NAME: key`, one a line")
    sms_secret: SecretStr = Field(
        default=SecretStr(""), description="What the carrier of text messages signs with (Twilio: the auth token); absent: none come in"
    )
    channel_url: str = Field(default="", description="Base address carriers call, as it is configured there (they sign it); absent: PUBLIC_URL")
    sms_endpoint: str = Field(default="", description="Base address of the carrier's API text messages leave by; absent: none leave")
    sms_account: str = Field(default="", description="Our account there")
    sms_sender: str = Field(default="", description="The number or name text messages come from")
    letter_fonts: str = Field(
        default="", description="Files of further fonts letters are printed with, separated by commas, for scripts the portal's own lack (Chinese, Hebrew, ...)"
    )
    agency_keys: str = Field(default="", description="File with keys agencies gave us, by the names their definitions use: `NAME: key`, one a line")
    sent_ledger: str = Field(
        default="",
        description="Folder on another disk than the database: what leaves is written down there, so that a restore repeats nothing",
    )
    backup_database_url: str | None = Field(
        default=None, description="Who backs up and restores: a login with BYPASSRLS and CREATEDB, in pg_read_all_data and the owner's role (deploy/README.md)"
    )
    postgres_bin: str = Field(default="", description="Folder of pg_dump and pg_restore; absent: those of PATH, or of the extra `local`")
    exchanges: str = Field(default="", description="Folder below which files are exchanged with agencies on this machine; absent: with none")
    simulated_agencies: str = Field(default="", description="Base address of the simulated agencies (local mode)")
    simulated_payments: str = Field(default="", description="Base address of the simulated provider of card payments (local mode)")
    documents: str = Field(default="", description="Where files are kept: a folder, or s3://HOST/BUCKET/PREFIX (extra `s3`); absent: DATA/documents")
    documents_key: SecretStr = Field(default=SecretStr(""), description="Key of that bucket, access:secret")
    scanner: str = Field(default="", description="clamd, as HOST:PORT or the path of its socket; absent: files are taken, and stay closed")
    draft_days: int = Field(default=30, ge=1, le=366, description="Days a form that was saved for later is kept after it was last changed")
    default_language: str = Field(default="en", description="Language where a citizen names none")
    web_workers: int = Field(default=2, description="Web worker processes")
    web_threads: int = Field(default=4, description="Requests each of them works on at once; staff and agencies' reports have as many places of their own")
    web_waiting: int = Field(default=48, description="Requests of the public that wait for a place in each of them; more are told to come back")
    proxies: int = Field(
        default=0, ge=0, le=9, description="Proxies of ours before the web server, each of which adds to X-Forwarded-For; 0: nobody is believed"
    )
    proxy_addresses: str = Field(default="127.0.0.0/8,::1", description="Networks those proxies speak from; a socket of this machine always counts as one")
    limit_read: str = Field(default="", description="Pages and answers read from one address, as NUMBER/second, /minute, /hour, or off; absent: 600/minute")
    limit_write: str = Field(default="", description="Forms and changes from one address; absent: 120/minute")
    limit_intake: str = Field(default="", description="New requests from one address; absent: 30/minute")
    limit_channel: str = Field(default="", description="New requests on one channel, whoever they come from; absent: 1200/minute")
    limit_prove: str = Field(default="", description="Secrets, codes and sign-ins tried from one address; absent: 20/minute")
    limit_principal: str = Field(default="", description="Anything by one signed-in person or machine; absent: 900/minute")
    limit_callback: str = Field(default="", description="Reports of agencies and payment providers from one address; absent: 3000/minute")
    limit_mail: str = Field(default="", description="Mail taken from one server; absent: 600/minute")
    rq_workers: int = Field(default=2, description="RQ workers, one queue each")
    data: str = Field(default="var", description="Folder of the local mode: databases, mailbox, logs")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Keys things are checked with: the present one, with which everything new is made, then earlier ones."""
        written = self.secret_key_fallbacks.get_secret_value()
        earlier: list[str] = json.loads(written) if written.startswith("[") else written.split(",")
        return (self.secret_key.get_secret_value(), *(one.strip() for one in earlier if one.strip()))

    @property
    def log_form(self) -> Literal["json", "plain"]:
        """How this process logs."""
        return self.log_format or ("plain" if self.mode == "local" else "json")


@cache
def settings() -> Settings:
    """The settings of this process; read once, at its composition root."""
    return Settings()
