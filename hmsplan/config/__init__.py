"""From files to a ``Stack``: strict YAML, variables, environments, templates, and every problem at once.

``stackfile``   the way in: a folder becomes a ``Stack``; ``confined`` is all it may read
``load``        parser events to values that remember their lines (``places``, ``yaml_errors``)
``settings``    the stack file and the environments; ``variables`` are what they name, and so are ``secrets.sources``
``collect``     which addresses the files declare; ``layers`` lays defaults and overrides around them
``resolve``     what each ``${...}`` stands for (``interpolate`` knows the grammar, ``templates`` what is pasted in)
``leads``       leads from YAML and CSV; ``blocks`` is ``moved``, ``imports`` and ``removed``
``schema``      the published schemas, asked first; ``explain`` tells their errors in our words
``formats``     what no pattern says: phone numbers, and ``zones``; ``hours`` doubts the hours of a campaign
``finish``      resolved fields become a ``Resource``; ``validate`` puts all of it together
``format``      canonical YAML that means the same (``yamltext``)
"""
