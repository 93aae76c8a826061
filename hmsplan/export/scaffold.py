"""The files that ``hmsplan init`` writes: a small stack that validates and plans as it is. Pure."""

from __future__ import annotations

import re
from typing import Final

from hmsplan.config.confined import STACK_FILE

SCHEMAS: Final = "https://hmsplan.dev/schemas/v1/"
WORKFLOW: Final = ".github/workflows/hmsplan.yml"
IGNORE: Final = ".gitignore"
FOLDERS: Final = ("assistants", "campaigns", "templates", "telephony")

_LONGEST_NAME: Final = 63

_STACK: Final = """\
# yaml-language-server: $schema=https://hmsplan.dev/schemas/v1/hmsplan.schema.json

# The stack file. It marks the root of the stack; every *.yaml below this folder holds resources, environments/ apart.
version: 1
stack: {name}

# Which of environments/ is meant without -e.
default_environment: production
{include}
# Where hmsplan remembers which live object belongs to which address. `file` is right for one computer.
state: file

# A value comes from --var, HMSPLAN_VAR_BUSINESS_NAME, the environment file, or the default.
variables:
  business_name: {{default: Acme, description: The business as callers hear it}}

# Laid under every resource of a kind; what a resource says itself wins.
defaults:
  assistants: {{gdpr_mode: true}}

# Limits past which a plan is refused.
safety: {{max_deletes: 3, max_delete_share: 30%}}
"""

_INCLUDE: Final = """
# This folder holds other YAML files too, so the folders with resources are named.
include:
{patterns}
"""

_ASSISTANT: Final = """\
# yaml-language-server: $schema=https://hmsplan.dev/schemas/v1/resources.schema.json

# The address of this object is assistants.support. A field that is left out is not managed; null clears one.
assistants:
  support:
    name: Customer Support
    business_name: ${var:business_name}
    first_message: Hello, you are speaking with ${var:business_name}. How can I help?
    max_duration_seconds: 600

    stt_config: {provider: deepgram, model: nova-3, language: en}
    llm_config:
      provider: openai
      model: gpt-5.4
      messages:
        - {role: system, content: "${file:prompts/support.md}"}
      tools:
        - {type: end_call}
    tts_config: {provider: elevenlabs, model: eleven_flash_v2_5, voice_id: JBFqnCBsd6RMkjVDRZzb}

    # Reports and tool calls, signed with a key that is in no file: HMSPLAN_SECRET_WEBHOOK holds it.
    # webhook_url: https://example.com/hooks/voice
    # webhook_secret: ${secret:webhook}

# A phone number that this assistant answers:
# numbers:
#   main: {phone_number: "+31850000010", agent_id: "${assistants.support}"}

# An object that exists already is bound, not created a second time:
# imports: [{to: assistants.support, id: 3f0c0d5e-0000-4000-8000-000000000000}]
"""

_PROMPT: Final = """\
# Role

You answer the telephone. You are friendly and brief, and you say so when you do not know something.

# How you speak

- At most two short sentences a turn, and one question at a time.
- Everything you say is heard, not read: no lists, no web addresses, no emoji.
- If somebody asks whether you are a person, tell the truth: you are a digital assistant.

# Closing

Ask whether there is anything else. If there is not, say goodbye and use `end_call`.
"""

_ENVIRONMENT: Final = """\
# yaml-language-server: $schema=https://hmsplan.dev/schemas/v1/environment.schema.json

# hmsplan -e production …

# The only organization that this environment may touch. `hmsplan doctor` prints the id of the one your key opens.
# organization: 6f9d2c1e-0000-4000-8000-000000000001

variables:
  business_name: Acme

# Fields of single resources that differ here. Blocks are merged, lists are replaced.
# overrides:
#   assistants.support: {notification_email: ops@example.com}
"""

IGNORED: Final = """\
# hmsplan: what belongs to one machine, and what must never be committed. A state.json may be.
.hmsplan/emulator.db*
.hmsplan/emulator/
.hmsplan/**/lock*
.hmsplan/**/journal.jsonl*
.hmsplan/**/state.json.*
errored.*state.json
secrets.env
*.secrets.env
"""

_WORKFLOW: Final = """\
# Plan in every pull request, apply after the merge, look for drift every night.
#
# 1. Put the owner of your copy of hmsplan in place of OWNER, and the commit that you trust in place of COMMIT_SHA.
# 2. Store HMS_SOVEREIGN_API_KEY as a secret, in a GitHub environment called production: its rules decide who applies.
# 3. Store HMSPLAN_STATE as well, the URL of a state that all runs share.
# 4. Pull requests from forks have no key. They are planned against a snapshot, once you add "snapshot: true" to the
#    inputs of apply and drift. No secret and no lead is in it, but every name and prompt: mind who reads them here.
name: hmsplan

on:
  pull_request:
  push:
    branches: [main]
  schedule:
    - cron: "17 3 * * *"
  workflow_dispatch:

permissions: {}

jobs:
  plan:
    if: github.event_name == 'pull_request'
    permissions: {actions: read, contents: read, pull-requests: write}
    uses: OWNER/hmsplan/.github/workflows/plan.yml@COMMIT_SHA
    with: {environment: production, hmsplan-version: "<VERSION>", working-directory: "<DIRECTORY>"}
    <SECRETS>

  apply:
    if: github.event_name == 'push'
    permissions: {contents: read, pull-requests: read}
    uses: OWNER/hmsplan/.github/workflows/apply.yml@COMMIT_SHA
    with:
      environment: production
      hmsplan-version: "<VERSION>"
      working-directory: "<DIRECTORY>"
      expect-digest: reviewed # only the plan that the pull request showed
    <SECRETS>

  drift:
    if: github.event_name == 'schedule' || github.event_name == 'workflow_dispatch'
    permissions: {contents: read, issues: write}
    uses: OWNER/hmsplan/.github/workflows/drift.yml@COMMIT_SHA
    with: {environment: production, hmsplan-version: "<VERSION>", working-directory: "<DIRECTORY>"}
    <SECRETS>
"""

_SECRETS: Final = """\
secrets:
      HMS_SOVEREIGN_API_KEY: ${{ secrets.HMS_SOVEREIGN_API_KEY }}
      HMSPLAN_SECRETS_DOTENV: ${{ secrets.HMSPLAN_SECRETS_DOTENV }}
      HMSPLAN_STATE: ${{ secrets.HMSPLAN_STATE }}
      HMSPLAN_FINGERPRINT_KEY: ${{ secrets.HMSPLAN_FINGERPRINT_KEY }}"""


def stack_name(folder: str) -> str:
    """Make the name of a stack from that of its folder."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", folder).strip("-")
    return name[:_LONGEST_NAME].rstrip("-") or "my-stack"


def stack_files(name: str, *, crowded: bool) -> dict[str, str]:
    """Return path to content of a new stack.

    Args:
        name: of the stack, fit for its schema.
        crowded: the folder holds YAML files of somebody else, so resources are looked for in folders of their own.
    """
    patterns = "".join(f'  - "{folder}/**/*.yaml"\n' for folder in FOLDERS).rstrip("\n")
    return {
        STACK_FILE: _STACK.format(name=name, include=_INCLUDE.format(patterns=patterns) if crowded else ""),
        "assistants/support.yaml": _ASSISTANT,
        "prompts/support.md": _PROMPT,
        "environments/production.yaml": _ENVIRONMENT,
    }


def workflow(version: str, directory: str) -> str:
    """Return the content of a GitHub workflow.

    Args:
        version: of hmsplan, which the workflow installs.
        directory: of the stack inside its repository.
    """
    filled = {"<SECRETS>": _SECRETS, "<VERSION>": version, "<DIRECTORY>": directory}
    text = _WORKFLOW
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text
