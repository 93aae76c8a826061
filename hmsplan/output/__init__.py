"""One value in, one surface out: text, JSON, Markdown, HTML, annotations, SARIF, JUnit, events. Pure.

``page`` says what a plan or a drift report says, in its order; ``text``, ``markdown`` and ``html`` draw it, and the
``lines`` of an object are the same on all three. ``findings`` are marks on lines of YAML, drawn by ``github``,
``sarif`` and ``junit``. ``report`` prints what an apply did, ``events`` while it does it. What is foreign goes through
``hmsplan.text.escape``, one function a surface.
"""
