package hmsplan

number(actions, before, after, unknown) := {"resource_changes": [{
	"address": "numbers.main",
	"type": "hms_number",
	"change": {"actions": actions, "before": before, "after": after, "after_unknown": unknown},
}]}

test_a_number_without_an_assistant_is_denied if {
	count(deny_number_answered) == 1 with input as number(["update"], {"agent_id": "a"}, {"agent_id": null}, {})
}

test_a_number_may_have_another_assistant if {
	count(deny_number_answered) == 0 with input as number(["update"], {"agent_id": "a"}, {"agent_id": "b"}, {})
}

test_a_number_may_have_an_assistant_that_is_not_there_yet if {
	count(deny_number_answered) == 0 with input as number(["update"], {"agent_id": "a"}, {}, {"agent_id": true})
}

test_a_number_may_change_to_a_workflow if {
	count(deny_number_answered) == 0 with input as number(["update"], {"agent_id": "a"}, {"agent_id": null, "workflow_id": "w"}, {})
}

test_a_number_without_an_assistant_may_stay_without if {
	count(deny_number_answered) == 0 with input as number(["update"], {"agent_id": null}, {"agent_id": null}, {})
}

test_no_number_is_given_up if {
	some denied in deny_number_kept with input as number(["delete"], {"agent_id": "a"}, null, {})
	denied.address == "numbers.main"
}
