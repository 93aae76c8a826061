# No telephone number loses who answers it, and none is given up: a number that is gone is not bought back.
package hmsplan

deny_number_answered contains {"address": each.address, "msg": msg} if {
	some each in input.resource_changes
	each.type == "hms_number"
	is_answered(each.change.before)
	each.change.after != null
	not is_answered(each.change.after)
	not is_answered(each.change.after_unknown) # by an assistant that this plan creates
	msg := "it rings into nothing: it had an assistant or a workflow, and would have none"
}

deny_number_kept contains {"address": each.address, "msg": "a number may not be given up"} if {
	some each in input.resource_changes
	each.type == "hms_number"
	"delete" in each.change.actions
}

is_answered(number) if number.agent_id != null

is_answered(number) if number.workflow_id != null
