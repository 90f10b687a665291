"""What the programs of a gateway hold."""

import re


def peak_memory(gateway):
    """{program: (peak, now)} in MiB."""
    out = {}
    for name, pid in gateway.process.children().items():
        status = open(f"/proc/{pid}/status").read()
        out[name] = tuple(
            int(re.search(rf"{field}:\s+(\d+)", status).group(1)) / 1024
            for field in ("VmHWM", "VmRSS")
        )
    return out
