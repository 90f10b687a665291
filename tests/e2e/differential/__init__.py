"""The same requests straight to the homeserver and by every way through the gateway."""
