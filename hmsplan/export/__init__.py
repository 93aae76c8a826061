"""A live organization as a stack, whose next plan is empty. Pure.

``keys`` gives every object an address; ``draft`` writes its fields as an author would, with references, long texts in
files (``texts``) and lists of leads in CSV (``leads``); ``choices`` takes out what the loader or the planner would not
accept, and says why; ``files`` puts all that into files. ``operations.export`` goes round until nothing has to be taken
out.
"""
