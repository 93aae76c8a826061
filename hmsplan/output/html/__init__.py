"""A report as one file for a browser: ``page`` writes it, ``graph`` draws, ``look`` holds style and script. Pure."""
