# In production, callers are asked before they are recorded, and speech and text stay with the providers listed here.
package hmsplan

# Those of your contracts. Where each one is, and what it does: hmsplan catalog
providers := {
	"stt_config": {"gladia", "mistral"},
	"llm_config": {"google", "mistral"},
	"tts_config": {"voicedock"},
}

deny_recording_consent contains {"address": each.address, "msg": msg} if {
	input.hmsplan.environment == "production"
	some each in input.planned_values.root_module.resources
	each.type == "hms_assistant"
	not each.values.recording_consent.enabled
	msg := "callers are not asked before they are recorded: set recording_consent.enabled"
}

deny_providers contains {"address": each.address, "msg": msg} if {
	input.hmsplan.environment == "production"
	some each in input.planned_values.root_module.resources
	each.type == "hms_assistant"
	some block, allowed in providers
	provider := each.values[block].provider
	not provider in allowed
	msg := sprintf("%s.provider is %s; production has %s", [block, provider, concat(", ", allowed)])
}
