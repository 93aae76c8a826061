# A campaign begins to call few people at a time; more of them are a warning before they are too many.
package hmsplan

most_people := 50

deny_campaign_size contains {"address": each.address, "msg": msg} if {
	some each in input.hmsplan.changes
	each.started
	people(each) >= most_people
	msg := sprintf("it would begin to call %d people; fewer than %d may be called at once", [people(each), most_people])
}

deny_campaign_size contains {"address": each.address, "msg": "how many people it would call is not known"} if {
	some each in input.hmsplan.changes
	each.started
	each.members == null
}

warn_campaign_size contains {"address": each.address, "msg": msg} if {
	some each in input.hmsplan.changes
	each.started
	people(each) >= most_people / 2
	people(each) < most_people
	msg := sprintf("it would begin to call %d people", [people(each)])
}

people(change) := change.members.pending
