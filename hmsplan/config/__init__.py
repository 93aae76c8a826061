"""From files to a ``Stack``: strict YAML, variables, environments, templates, and every problem at once.

The way of a stack, in order:

``load``              the way in: a folder becomes a ``Stack``; ``files`` finds its files, ``environments`` those of
                      one environment, ``confined`` says what may be read
``yaml_parser``       one file becomes a ``Document``, whose values know their places (``yaml_errors`` and ``slips`` say
                      what is wrong with it; ``parse_ahead`` reads many files at once)
``build``             the documents become a ``Stack``; it calls what follows
``pin``               whether this version of hmsplan may read the stack file
``settings``          the stack file and the environment; ``variables`` are what they give
``collect``           which addresses the files declare; ``blocks`` is ``moved``, ``imports`` and ``removed``
``layers``            defaults, ``bases`` and overrides around each resource, and where each field is written
``resolve``           what each ``${…}`` stands for (``interpolation`` is the grammar)
``schema``            the published schemas; ``schema_violation`` tells their errors in our words, and
                      ``schema_formats`` knows what no pattern says
``resource_builder``  a resolved resource is checked and becomes a ``Resource`` (``leads``, ``exposed_secrets``)

``yaml_format`` and ``yaml_writer`` go the other way: canonical YAML that means the same, and values as YAML.
"""
