"""Plan, apply and watch an HMS Sovereign (VoiceDock) organization as YAML in git.

How a change gets from a file to a phone line, stage by stage:

1. ``stack`` reads the files below the root: strict YAML that remembers its lines, variables, environments, defaults and
   templates. It finds every problem at once and returns the ``Stack``.
2. ``api`` speaks HTTP as the API wants to be spoken to: ``live`` lists every kind in use, once, and returns the
   ``Snapshot``. ``state`` remembers what earlier applies did: the ``State``.
3. ``plan.make_plan`` is where the three readings meet. It is pure: ``identity`` says which live object is which
   address, ``changes`` what differs (by ``diff``), ``reach`` whom it reaches, ``drift`` what changed outside,
   ``guards`` what nobody has allowed, ``steps`` which writes that makes and in what order, ``meaning`` what all this
   means in one digest.
4. ``render`` turns the ``Plan`` into what people and machines read; ``textdiff`` says how a long text changed.
5. ``apply`` performs exactly the steps of the plan, and all writes are made in it: ``apply.perform`` knows the verbs,
   ``apply.settle`` makes an object once and only once, ``apply.readback`` and ``apply.verify`` compare what was written
   with what the API has. It returns a ``Report``.
6. ``snapshotfile`` keeps a reading in a file, without secrets; ``offline`` plans against it where there is no key.
7. ``cli`` parses, calls one function, prints, and returns an exit code. What the rooms with effects log under their
   names, ``cli.log`` lets be heard.

``export`` goes the other way, from a live organization to files. ``secrets`` is the way of a secret through all this.

``model`` holds the values all stages speak in, ``kinds`` what is known of the API as one table. Imports run one way:
model, errors <- kinds <- pure stages <- effects (files, api, state, apply) <- cli. ``emulator`` is the API
on this machine, written from its documentation; it shares no line with the rest.
"""
