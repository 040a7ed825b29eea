"""Print, as a requirements file, what a real Home Assistant installs when it boots.

Taken from the manifests of the installed Home Assistant, so the pins are its own.
With these in place a demonstration boots without downloading anything.
"""

import json
from pathlib import Path

from homeassistant import bootstrap, components
from homeassistant.auth.mfa_modules import totp

# What a demonstration configures beyond the integrations that always start.
DEMONSTRATION = {"config", "history", "http", "logbook", "recorder", "template"}


def boot_requirements() -> set[str]:
    """Requirements of all integrations that start, and of those they depend on."""
    folder = Path(components.__path__[0])
    # Two-factor login is no integration, and always on offer.
    requirements = set(totp.REQUIREMENTS)
    seen: set[str] = set()
    waiting = DEMONSTRATION | bootstrap.DEFAULT_INTEGRATIONS
    while waiting := waiting - seen:
        domain = waiting.pop()
        seen.add(domain)
        manifest = json.loads((folder / domain / "manifest.json").read_text())
        requirements.update(manifest.get("requirements", ()))
        waiting.update(manifest.get("dependencies", ()))
    return requirements


if __name__ == "__main__":
    print("\n".join(sorted(boot_requirements())))
