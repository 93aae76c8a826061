package main

import rego.v1

# A telephone number that goes away is not bought back.
deny contains message if {
	some change in input.resource_changes
	change.type == "hms_number"
	"delete" in change.change.actions
	message := sprintf("%s: a number may not be released", [change.address])
}

# Our own words lie under `hmsplan`: whom a plan would begin to call.
deny contains message if {
	some change in input.hmsplan.changes
	change.started
	message := sprintf("%s: it would begin to call people", [change.address])
}

# What Terraform cannot say of a secret is said by its mark: the value itself is not in the file.
deny contains message if {
	some change in input.resource_changes
	change.type == "hms_assistant"
	change.change.after.webhook_url
	not change.change.after_sensitive.webhook_secret
	message := sprintf("%s: a webhook without a secret can be forged", [change.address])
}
