package hmsplan

campaign(started, members) := {"hmsplan": {"changes": [
	{"address": "campaigns.recall", "started": started, "members": members},
]}}

test_few_people_may_be_called if {
	count(deny_campaign_size) + count(warn_campaign_size) == 0 with input as campaign(true, {"pending": 24})
}

test_more_people_are_a_warning if {
	count(deny_campaign_size) == 0 with input as campaign(true, {"pending": 49})
	count(warn_campaign_size) == 1 with input as campaign(true, {"pending": 49})
}

test_too_many_people_are_denied if {
	count(deny_campaign_size) == 1 with input as campaign(true, {"pending": 50})
}

test_an_unknown_number_of_people_is_denied if {
	count(deny_campaign_size) == 1 with input as campaign(true, null)
}

test_a_draft_may_have_any_number_of_people if {
	count(deny_campaign_size) == 0 with input as campaign(false, {"pending": 5000})
}
