"""How much of the portal one asker may take: rates by address, principal and channel, and places before the database."""
