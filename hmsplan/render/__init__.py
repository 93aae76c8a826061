"""One value in, one surface out: text, JSON, Markdown, HTML. Pure.

``text`` prints a plan, ``report`` what an apply did, ``drift`` what changed outside; ``tfjson`` gives a plan the shape
of Terraform's. All text surfaces are built from ``lines``: what a line says, apart from how it is wrapped and coloured.
"""
