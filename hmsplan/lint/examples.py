"""Parts that the examples of several rules have in common."""

from __future__ import annotations

from typing import Final

RECALL: Final = """
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
    leads: ${csv:leads.csv}
# file: leads.csv
"""
"""A campaign of assistants.caller; the lines of its leads.csv follow."""
RECALL_PROMPT: Final = RECALL.replace("    leads:", '    system_message_template: "${file:recall.md}"\n    leads:')
"""The same with a prompt in recall.md."""
