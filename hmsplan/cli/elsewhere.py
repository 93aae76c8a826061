"""What other tools call it: the words that fingers know from Terraform, decK and Pulumi, and what to type here."""

from __future__ import annotations

from typing import Final

COMMANDS: Final = {
    "destroy": ("apply --destroy", "It shows the plan first, and asks."),
    "refresh": ("drift", "Nothing is written into the state: plan and apply read what is live each time."),
    "taint": ("plan", "An object cannot be marked to be replaced; the plan says what has to be, and why."),
    "untaint": ("plan", "An object cannot be marked to be replaced; the plan says what has to be, and why."),
    "output": ("state show ADDRESS", "There are no outputs; the state knows the id of each object."),
    "workspace": ("plan -e ENV", "An environment is a file in environments/, and each command names it with -e."),
    "force-unlock": ("state unlock", ""),
    "console": ("validate", "There are no expressions to try; validate names each value that is not known."),
    "get": ("validate", "There are no modules or providers to fetch."),
    "providers": ("version", "There are no providers to install."),
    "test": ("validate", "The stack is checked offline."),
    "up": ("apply", ""),
    "sync": ("apply", "It also deletes what was taken out of the stack; the plan says so first."),
    "push": ("apply", "To put a state in place of the stored one, type hmsplan state push FILE."),
    "ls": ("state list", ""),
    "dump": ("export DIR", ""),
    "format": ("fmt", ""),
    "check": ("validate", ""),
    "ping": ("doctor", ""),
    "unlock": ("state unlock", ""),
    "login": ("doctor", "The key stands in HMS_SOVEREIGN_API_KEY, and doctor says whether it works."),
}
"""Command elsewhere to (what to type behind ``hmsplan``, why it is another one here; "" when that says itself)."""

OPTIONS: Final = {
    "var-file": "Put the variables into environments/ENV.yaml and choose it with -e ENV, or type --var NAME=VALUE.",
    "chdir": "Type -C DIR.",
    "input": "Without a terminal, or with CI set, no question is asked; apply takes -y there.",
    "lock": "A plan takes no lock, and an apply always does.",
    "lock-timeout": "A lock is not waited for: exit code 7 names its holder, and hmsplan state unlock frees it.",
    "parallelism": "Requests are paced by what the API allows.",
    "refresh": "What is live is read each time. To plan without reading, type --against SNAPSHOT.",
    "refresh-only": "Type hmsplan drift.",
    "replace": "What cannot be changed is replaced by itself; what needs permission is allowed with --allow "
    "replace:ADDRESS.",
    "dry-run": "Type hmsplan plan: it reads only.",
    "profile": "Choose an environment with -e ENV; its key stands in HMS_SOVEREIGN_API_KEY.",
    "api-key": "The key stands in HMS_SOVEREIGN_API_KEY, never on the command line.",
    "workspace": "Type -e ENV.",
    "generate-config-out": "Type hmsplan export DIR.",
}
"""Option elsewhere, without its dashes, to what to do here."""
