"""Makes `ansible_collections.activated.services` importable from the checkout."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
COLLECTIONS = ROOT / ".build" / "collections"
LINK = COLLECTIONS / "ansible_collections" / "activated" / "services"

if LINK.is_symlink() and LINK.resolve() != ROOT:
    LINK.unlink()  # the checkout was moved, or copied
if not LINK.is_symlink():
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.symlink_to(ROOT, target_is_directory=True)
sys.path.insert(0, str(COLLECTIONS))

# Machines are noisy: an example that takes long is no failure.
settings.register_profile("noisy", deadline=None)
settings.load_profile("noisy")
