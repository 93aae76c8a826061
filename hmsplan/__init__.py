"""Plan, apply and watch an HMS Sovereign (VoiceDock) organization as YAML in git.

How a change gets from a file to a phone line, stage by stage:

1. ``config`` reads the files below the root: strict YAML that remembers its lines, variables, environments, defaults
   and templates. It finds every problem at once and returns the ``Stack``.
2. ``api`` speaks HTTP: the rate limit, pages, errors, and the ``Snapshot`` of what is live. ``state`` remembers what
   earlier applies did, in a folder, PostgreSQL or an object store: the ``State``.
3. ``planner`` is where the three readings meet. It is pure: ``planner.matching`` says which live object is which
   address, ``planner.resource_diff`` what differs, ``planner.blast_radius`` whom it reaches, ``planner.drift`` what
   changed outside, ``planner.safety`` what is refused unless it is allowed, ``planner.steps`` which writes that makes
   and in what order, ``planner.digest`` what all this means in one digest. The result is the ``Plan``.
4. ``formats`` turns values to bytes and back, without their secrets; ``output`` turns the ``Plan`` into what people and
   machines read, prompts by ``output.prose``.
5. ``apply`` performs exactly the steps of the plan, and all writes are made in it: ``apply.actions`` knows the verbs,
   ``apply.create_once`` makes an object once and only once, ``apply.read_back`` and ``apply.verify`` compare what was
   written with what the API has. It returns a ``Report``.
6. ``operations`` are what a person asks for, as functions: read, plan, apply, drift.
7. ``cli`` parses, calls one function, prints, and returns an exit code.

``export`` goes the other way, from a live organization to files. ``secrets`` reads secrets, fingerprints them, and
finds credentials in foreign text. ``kinds`` is what is known of the API, as one table, and ``catalog`` what is known of
providers; ``model`` holds the values that
all stages speak in, ``text`` how things are said.

Imports run one way, folder by folder: model, errors <- secrets <- text <- catalog <- kinds <- planner, config <-
formats <- output <- api, state <- export <- apply <- operations <- cli. ``emulator`` is the API on this machine,
written from its documentation; it shares no line with the rest, and only ``cli`` starts it.
"""

__version__ = "0.1.0"
