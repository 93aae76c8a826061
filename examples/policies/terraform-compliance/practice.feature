Feature: What every telephone line of the practice has

  Scenario: An assistant asks for consent before a call is recorded
    Given I have hms_assistant defined
    Then it must have recording_consent
    And it must have enabled
    And its value must be true

  Scenario: What callers say is sent over https only
    Given I have hms_assistant defined
    When it has webhook_url
    Then it must have webhook_url
    And its value must match the "^https://" regex

  Scenario: A number is answered by somebody
    Given I have hms_number defined
    Then it must have agent_id

  Scenario: An assistant is on at least one number
    Given I have hms_assistant defined
    Then it must have numbers

  Scenario: An assistant is careful with personal data
    Given I have hms_assistant defined
    Then it must have gdpr_mode
    And its value must be true
