package hmsplan

plan(environment, values) := {
	"hmsplan": {"environment": environment},
	"planned_values": {"root_module": {"resources": [
		{"address": "assistants.desk", "type": "hms_assistant", "values": values},
	]}},
}

good := {
	"recording_consent": {"enabled": true},
	"stt_config": {"provider": "gladia"},
	"llm_config": {"provider": "mistral"},
	"tts_config": {"provider": "voicedock"},
}

test_a_good_assistant_passes if {
	count(deny_recording_consent) + count(deny_providers) == 0 with input as plan("production", good)
}

test_consent_that_is_off_is_denied if {
	count(deny_recording_consent) == 1 with input as plan("production", {"recording_consent": {"enabled": false}})
}

test_consent_that_is_missing_is_denied if {
	count(deny_recording_consent) == 1 with input as plan("production", {"name": "Desk"})
}

test_another_provider_is_denied_by_name if {
	some denied in deny_providers with input as plan("production", {"llm_config": {"provider": "openai"}})
	denied.msg == "llm_config.provider is openai; production has google, mistral"
}

test_staging_may_do_as_it_likes if {
	count(deny_recording_consent) + count(deny_providers) == 0 with input as plan("staging", {"name": "Desk"})
}
