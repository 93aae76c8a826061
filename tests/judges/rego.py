"""Runs in the judges' own Python: asks rego-cpp, an interpreter of OPA's language, what a policy says of each input."""

import json
import sys

from regopy import Interpreter

question = json.load(sys.stdin)
answers = []
for given in question["inputs"]:
    interpreter = Interpreter()
    interpreter.add_module("policy", question["policy"])
    interpreter.set_input_term(given)
    (answer,) = json.loads(str(interpreter.query(question["rule"])))["expressions"]
    answers.append(answer)
json.dump(answers, sys.stdout)
