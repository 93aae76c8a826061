"""Changes of texts that leave every other byte as it is: YAML, prompt files, lists of leads. Pure.

What is changed is read again, and unless exactly the wanted value changed it is not changed at all.
"""
