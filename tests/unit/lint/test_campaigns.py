"""Rules about campaigns: what they find, and the near misses that they pass."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import pytest
from support.lint import linted

from hmsplan.errors import ConfigError
from hmsplan.kinds import time_zones
from hmsplan.lint.calling_hours import allowed_in, outside
from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.model import Diagnostic

CALLER: Final = 'assistants:\n  caller: {name: Caller, first_message: "Hello."%s}\n'
TRUNK: Final = "sip_trunks:\n  voip: {name: VoIP, provider: any, address: sip.acme.example, transport: tls}\n"


def campaign(
    begin: str = "10:00",
    end: str = "12:00",
    zone: str = "Europe/Amsterdam",
    fields: str = "",
    *numbers: str,
    name: str = "recall",
    caller: str = "",
) -> str:
    leads = ", ".join(f'{{phone_number: "{each}"}}' for each in numbers)
    listed = f"    leads: [{leads}]\n" if numbers else ""
    return f"""{CALLER % caller}campaigns:
  {name}:
    name: {name}
    agent_id: ${{assistants.caller}}
    schedule_start_time: "{begin}"
    schedule_end_time: "{end}"
    timezone: {zone}
{fields}{listed}"""


def listed(rows: str, header: str = "phone_number", **fields: str) -> str:
    """Return a campaign whose leads stand in a CSV file."""
    return campaign(**fields, fields="    leads: ${csv:l.csv}\n") + f"# file: l.csv\n{header}\n{rows}"


def found(root: Path, rule: str, example: str, today: date = date(2026, 11, 30)) -> list[Diagnostic]:
    return list(linted(root, example, all_rules()[rule], today=today))


def details(root: Path, rule: str, example: str, today: date = date(2026, 11, 30)) -> list[str]:
    return [each.detail for each in found(root, rule, example, today)]


class TestWindows:
    """Hours as they are written."""

    @pytest.mark.parametrize(
        ("rule", "begin", "end", "hits"),
        [
            ("window-without-length", "09:00", "09:00", 1),
            ("window-without-length", "09:00", "09:00:00", 1),
            ("window-without-length", "09:00", "09:01", 0),
            ("window-without-length", "18:00", "09:00", 0),
            ("window-over-midnight", "18:00", "09:00", 1),
            ("window-over-midnight", "22:00:00", "00:00", 1),
            ("window-over-midnight", "09:00", "18:00", 0),
            ("window-over-midnight", "09:00", "09:00", 0),
            ("short-window", "09:00", "09:14", 1),
            ("short-window", "09:00", "09:15", 0),
            ("short-window", "09:00", "09:00", 0),
            ("short-window", "18:00", "09:00", 0),
            ("calls-at-night", "06:00", "12:00", 1),
            ("calls-at-night", "10:00", "23:00", 1),
            ("calls-at-night", "07:00", "22:00", 0),
            ("calls-at-night", "18:00", "09:00", 0),  # told as a window over midnight
        ],
    )
    def test_a_window(self, tmp_path: Path, rule: str, begin: str, end: str, hits: int) -> None:
        assert len(found(tmp_path, rule, campaign(begin, end))) == hits

    def test_a_window_stands_at_its_field(self, tmp_path: Path) -> None:
        (problem,) = found(tmp_path, "window-over-midnight", campaign("18:00", "09:00"))
        assert str(problem.source) == "stack.yaml:8:24"

    @pytest.mark.parametrize("rule", ["calls-at-night", "short-window"])
    def test_a_campaign_that_is_cancelled_calls_at_no_time(self, tmp_path: Path, rule: str) -> None:
        assert found(tmp_path, rule, campaign("03:00", "03:10", fields="    status: cancelled\n")) == []

    def test_a_variable_may_hold_the_time(self, tmp_path: Path) -> None:
        head = '# file: hmsplan.yaml\nversion: 1\nstack: acme\nvariables: {end: {default: "09:00"}}\n'
        assert len(found(tmp_path, "window-over-midnight", campaign("18:00", "${var:end}") + head)) == 1


class TestZones:
    """Time zones: of the campaign, and of the people."""

    @pytest.mark.parametrize("zone", ["Europe/Amsterdm", "CEST", "UTC+1", "W. Europe Standard Time"])
    def test_one_that_there_is_not_is_an_error_of_the_schema(self, tmp_path: Path, zone: str) -> None:
        with pytest.raises(ConfigError, match="time zone"):
            linted(tmp_path, campaign(zone=zone))

    def test_what_was_meant_is_guessed_in_a_variable_too(self, tmp_path: Path) -> None:
        head = "# file: hmsplan.yaml\nversion: 1\nstack: acme\nvariables: {zone: {default: Europe/Amsterdm}}\n"
        with pytest.raises(ConfigError, match=r"Did you mean Europe/Amsterdam\?"):
            linted(tmp_path, campaign(zone="${var:zone}") + head)

    @pytest.mark.parametrize(("zone", "hits"), [("EST", 1), ("Etc/GMT-2", 1), ("GMT", 1), ("UTC", 0), ("CET", 0)])
    def test_one_without_summer_time(self, tmp_path: Path, zone: str, hits: int) -> None:
        assert len(found(tmp_path, "fixed-time-zone", campaign(zone=zone))) == hits

    @pytest.mark.parametrize(
        ("zone", "numbers", "hits"),
        [
            ("Europe/Amsterdam", ["+442079460101"], 1),
            ("Europe/Amsterdam", ["+442079460101", "+31612345678"], 0),  # a half is not most of them
            ("Europe/Amsterdam", ["+493023125012"], 0),  # another zone, the same time
            ("America/Chicago", ["+12125550123"], 0),  # a country of several zones, and this is one
            ("Europe/Madrid", ["+34911234567"], 0),
            ("Europe/Amsterdam", ["+80012345678"], 0),  # of no country
            ("Europe/Amsterdam", [], 0),
        ],
    )
    def test_that_of_most_people(self, tmp_path: Path, zone: str, numbers: list[str], hits: int) -> None:
        assert len(found(tmp_path, "zone-of-leads", campaign("10:00", "12:00", zone, "", *numbers))) == hits

    def test_the_night_is_theirs(self, tmp_path: Path) -> None:
        example = campaign("09:00", "12:00", "Europe/Amsterdam", "", "+819012345678", "+12125550123", "+31612345678")
        (detail,) = details(tmp_path, "calls-at-night", example)
        assert "1 lead in the United States from 03:00 to 06:00 (America/New_York)" in detail
        assert "Japan" not in detail
        assert "Netherlands" not in detail

    def test_summer_counts(self, tmp_path: Path) -> None:
        """Arizona has none: what is seven in winter is six in summer."""
        example = campaign("09:00", "12:00", "America/New_York", "", "+6421234567")
        winter = details(tmp_path, "calls-at-night", example, date(2026, 1, 15))
        summer = details(tmp_path, "calls-at-night", example, date(2026, 7, 15))
        assert "03:00 to 06:00" in winter[0]
        assert "01:00 to 04:00" in summer[0]


class TestLaw:
    """The hours and days of the countries in the table."""

    @pytest.mark.parametrize("country", ["AU", "CA", "ES", "FR", "NO", "PT", "US"])
    def test_the_table_can_be_used(self, country: str) -> None:
        hours = allowed_in(country)
        assert hours is not None
        assert hours.weekdays
        assert all(begin < end for day in hours[:3] for begin, end in day)
        assert "2026-" in hours.law
        assert time_zones.of_country(country)

    def test_a_country_that_is_not_in_it_has_no_hours(self) -> None:
        assert allowed_in("NL") is None
        assert allowed_in("") is None

    def test_what_is_outside(self) -> None:
        assert outside([(8, 22)], [(10, 13), (14, 20)]) == ((8, 10), (13, 14), (20, 22))
        assert outside([(10, 12)], [(10, 13)]) == ()
        assert outside([(10, 12)], []) == ((10, 12),)

    @pytest.mark.parametrize(
        ("begin", "end", "zone", "number", "says"),
        [
            ("09:00", "12:00", "Europe/Paris", "+33612345678", "France"),
            ("10:00", "20:00", "Europe/Paris", "+33612345678", "10:00 to 13:00 and 14:00 to 20:00"),
            ("14:00", "20:00", "Europe/Paris", "+33612345678", ""),
            ("10:00", "13:00", "Europe/Amsterdam", "+33612345678", ""),
            ("10:00", "13:00", "Europe/London", "+33612345678", "11:00 to 14:00 (Europe/Paris)"),
            ("09:00", "21:00", "Europe/Madrid", "+34611234567", ""),
            ("08:59", "21:00", "Europe/Madrid", "+34611234567", "Spain"),
            ("08:00", "21:00", "America/New_York", "+12125550123", ""),
            ("20:00", "21:30", "America/New_York", "+12125550123", "United States"),  # fine in Los Angeles
            ("20:00", "21:30", "America/Los_Angeles", "+12125550123", "United States"),
            ("20:00", "21:30", "Europe/Amsterdam", "+12125550123", ""),  # the afternoon somewhere in it
            ("21:00", "21:45", "America/Toronto", "+14165550123", "Canada"),
            ("06:00", "23:00", "Europe/Amsterdam", "+31612345678", ""),  # no law that we know
            ("06:00", "23:00", "Europe/Paris", "+3", ""),
        ],
    )
    def test_hours(self, tmp_path: Path, begin: str, end: str, zone: str, number: str, says: str) -> None:
        numbers = (number,) if len(number) > 2 else ()
        told = details(tmp_path, "outside-calling-hours", campaign(begin, end, zone, "", *numbers))
        assert len(told) == bool(says)
        assert says in "".join(told)

    def test_two_countries_are_told_at_once(self, tmp_path: Path) -> None:
        example = campaign("08:00", "20:00", "Europe/Paris", "", "+33612345678", "+34611234567", "+34611234568")
        (detail,) = details(tmp_path, "outside-calling-hours", example)
        assert detail.index("2 leads in Spain") < detail.index("1 lead in France")

    @pytest.mark.parametrize(
        ("begin", "end", "zone", "says"),
        [
            ("09:00", "12:00", "America/New_York", "06:00 to 09:00 in America/Los_Angeles"),
            ("18:00", "21:00", "America/New_York", ""),
            ("06:00", "12:00", "America/New_York", ""),  # told as outside the hours
            ("18:00", "20:00", "America/Los_Angeles", "21:00 to 23:00 in America/New_York"),
        ],
    )
    def test_the_hours_of_other_zones(self, tmp_path: Path, begin: str, end: str, zone: str, says: str) -> None:
        told = details(tmp_path, "hours-of-other-zones", campaign(begin, end, zone, "", "+12125550123"))
        assert len(told) == bool(says)
        assert says in "".join(told)

    @pytest.mark.parametrize(
        ("zone", "number", "says"),
        [
            ("Europe/Paris", "+33612345678", "France on Saturdays, on Sundays, on public holidays"),
            ("Europe/Oslo", "+4740612345", "Norway"),
            ("Australia/Sydney", "+61412345678", "Australia on Saturdays but from 09:00 to 17:00, on Sundays"),
            ("America/Toronto", "+14165550123", "Canada on Saturdays but from 10:00 to 18:00"),
            ("Europe/Lisbon", "+351912345678", ""),
            ("Europe/Berlin", "+493023125012", ""),
        ],
    )
    def test_days(self, tmp_path: Path, zone: str, number: str, says: str) -> None:
        told = details(tmp_path, "forbidden-days", campaign("16:00", "19:00", zone, "", number))
        assert len(told) == bool(says)
        assert says in "".join(told)


class TestLeads:
    """Who stands on the lists."""

    @pytest.mark.parametrize(
        ("rule", "number"),
        [("costly-lead", "+31900123456"), ("costly-lead", "+33810123456"), ("impossible-lead", "+31999999999")],
    )
    def test_a_number_that_should_not_be_called_is_told_on_its_line(
        self, tmp_path: Path, rule: str, number: str
    ) -> None:
        (problem,) = found(tmp_path, rule, listed(f"+31612345678\n{number}\n"))
        assert str(problem.source) == "l.csv:3:1"
        assert number not in problem.detail
        assert number[-2:] in problem.detail

    @pytest.mark.parametrize("rule", ["costly-lead", "impossible-lead", "campaign-calls-itself"])
    def test_ordinary_numbers_pass(self, tmp_path: Path, rule: str) -> None:
        rows = "+31612345678\n+442079460101\n+447700900100\n+12025550101\n+18005551234\n"
        assert found(tmp_path, rule, listed(rows)) == []

    def test_only_the_first_ones_are_listed(self, tmp_path: Path) -> None:
        rows = "".join(f"+3199999{number}\n" for number in range(1000, 1020))
        problems = found(tmp_path, "impossible-lead", listed(rows))
        assert len(problems) == 5
        assert "So it is with 15 more leads" in problems[-1].detail

    def test_a_number_of_ours(self, tmp_path: Path) -> None:
        own = 'numbers:\n  main: {phone_number: "+31850835037", agent_id: "${assistants.caller}"}\n'
        example = campaign("10:00", "12:00", "Europe/Amsterdam", "", "+31612345678", "+31850835037")
        (detail,) = details(tmp_path, "campaign-calls-itself", example + own)
        assert "numbers.main" in detail

    def test_a_person_in_two_campaigns(self, tmp_path: Path) -> None:
        second = listed("+31612345678\n+31612345670\n+31612345671\n").replace("recall", "offer")
        both = second.replace(
            "campaigns:\n",
            campaign("10:00", "12:00", "Europe/Amsterdam", "", "+31612345670", "+31612345671").partition(CALLER % "")[
                2
            ],
        )
        (problem,) = found(tmp_path, "person-in-two-campaigns", both)
        assert "2 people" in problem.detail
        over = both.replace("timezone: Europe/Amsterdam", "timezone: Europe/Amsterdam\n    status: cancelled", 1)
        assert found(tmp_path, "person-in-two-campaigns", over) == []

    @pytest.mark.parametrize(
        ("number", "hits"),
        [("+31612345678", 0), ("+493023125012", 1), ("+80012345678", 0)],
    )
    def test_a_call_from_abroad(self, tmp_path: Path, number: str, hits: int) -> None:
        own = 'numbers:\n  main: {phone_number: "+31850835037", agent_id: "${assistants.caller}"}\n'
        example = campaign("10:00", "12:00", "Europe/Amsterdam", "", number)
        assert len(found(tmp_path, "foreign-caller-id", example + own)) == hits
        assert found(tmp_path, "foreign-caller-id", example) == []  # numbers are kept elsewhere

    def test_more_than_the_window_can_serve(self, tmp_path: Path) -> None:
        rows = "".join(f"+3161234{number}\n" for number in range(1000, 2000))
        (detail,) = details(tmp_path, "leads-beyond-window", listed(rows, end="11:00"))
        assert "1,000 leads of 2 minutes each are 2,000 minutes, and the window has 60 a day" in detail
        assert "34 days" in detail
        assert found(tmp_path, "leads-beyond-window", listed(rows, end="12:00")) == []

    def test_a_list_that_came_out_empty(self, tmp_path: Path) -> None:
        scheduled = "    status: scheduled\n"
        assert len(found(tmp_path, "scheduled-without-leads", campaign(fields=scheduled + "    leads: []\n"))) == 1
        assert (
            len(found(tmp_path, "scheduled-without-leads", listed("").replace("    leads", scheduled + "    leads")))
            == 1
        )
        assert found(tmp_path, "scheduled-without-leads", campaign(fields="    leads: []\n")) == []
        assert found(tmp_path, "scheduled-without-leads", campaign(fields=scheduled)) == []  # people add them elsewhere


class TestConsent:
    """What a list says of consent."""

    @pytest.mark.parametrize(
        ("header", "row", "hits"),
        [
            ("phone_number,first_name", "+31612345678,Ann", 1),
            ("phone_number,first_name", "+442079460101,Ann", 1),
            ("phone_number,first_name", "+12125550123,Ann", 1),
            ("phone_number,first_name", "+819012345678,Ann", 0),
            ("phone_number,consent", "+31612345678,web form", 0),
            ("phone_number,Opt-in am", "+493023125012,2026-01-02", 0),
            ("phone_number,toestemming_op", "+31612345678,2026-01-02", 0),
            ("phone_number,do_not_call", "+31612345678,no", 0),
        ],
    )
    def test_a_list_without_a_sign_of_it(self, tmp_path: Path, header: str, row: str, hits: int) -> None:
        assert len(found(tmp_path, "consent-unknown", listed(row, header))) == hits

    def test_the_law_is_that_of_most_people(self, tmp_path: Path) -> None:
        example = campaign("10:00", "12:00", "Europe/Amsterdam", "", "+442079460101", "+31612345678", "+31612345679")
        (detail,) = details(tmp_path, "consent-unknown", example)
        assert "Directive 2002/58/EC, Article 13(1)" in detail

    @pytest.mark.parametrize(
        ("header", "cell", "hits"),
        [
            ("consent", "no", 1),
            ("consent", " Nee ", 1),
            ("opt_in", "FALSE", 1),
            ("opt_out", "yes", 1),
            ("do_not_call", "1", 1),
            ("consent", "yes", 0),
            ("consent", "", 0),
            ("consent", "no answer yet", 0),
            ("opt_out", "no", 0),
            ("first_name", "No", 0),
        ],
    )
    def test_a_row_that_says_no(self, tmp_path: Path, header: str, cell: str, hits: int) -> None:
        problems = found(tmp_path, "lead-without-consent", listed(f"+31612345678,{cell}\n", f"phone_number,{header}"))
        assert [str(each.source) for each in problems] == ["l.csv:2:1"] * hits


class TestCallers:
    """The assistant that calls, and the number that people see."""

    @pytest.mark.parametrize(
        ("fields", "hits"),
        [
            ("agent_id: null", 1),
            ("agent_id: null, transfer_trunk_id: null", 1),
            ('agent_id: null, transfer_trunk_id: "${sip_trunks.voip}", is_active: false', 1),
            ('agent_id: null, transfer_trunk_id: "${sip_trunks.voip}"', 0),
        ],
    )
    def test_a_number_with_a_trunk_is_needed(self, tmp_path: Path, fields: str, hits: int) -> None:
        number = f'numbers:\n  main: {{phone_number: "+31850835037", {fields}}}\n'
        assert len(found(tmp_path, "campaign-without-trunk", campaign() + TRUNK + number)) == hits
        assert found(tmp_path, "campaign-without-trunk", campaign()) == []  # numbers are kept elsewhere

    @pytest.mark.parametrize(
        ("rule", "caller", "hits"),
        [
            ("inactive-caller", ", is_active: false", 1),
            ("inactive-caller", ", is_active: true", 0),
            ("inactive-caller", "", 0),
            ("campaign-without-voicemail", "", 1),
            ("campaign-without-voicemail", ", voicemail_detection: null", 1),
            ("campaign-without-voicemail", ", voicemail_detection: false", 1),
            ("campaign-without-voicemail", ", voicemail_detection: true", 0),
            ("campaign-without-greeting", "", 0),
        ],
    )
    def test_the_assistant(self, tmp_path: Path, rule: str, caller: str, hits: int) -> None:
        assert len(found(tmp_path, rule, campaign(caller=caller))) == hits

    @pytest.mark.parametrize(
        ("caller", "hits"),
        [
            ("first_message: null", 1),
            ('first_message: ""', 1),
            ("first_message: null, speech_config: null", 1),
            ("first_message: null, speech_config: {first_message_outbound: Hello.}", 0),
        ],
    )
    def test_what_it_says_first(self, tmp_path: Path, caller: str, hits: int) -> None:
        example = campaign().replace('first_message: "Hello."', caller)
        assert len(found(tmp_path, "campaign-without-greeting", example)) == hits

    def test_a_greeting_for_those_who_call(self, tmp_path: Path) -> None:
        number = 'numbers:\n  main: {phone_number: "+31850835037", agent_id: "${assistants.caller}"}\n'
        assert len(found(tmp_path, "answering-greeting", campaign() + number)) == 1
        assert found(tmp_path, "answering-greeting", campaign()) == []
        outbound = ", speech_config: {first_message_outbound: Hello.}"
        assert found(tmp_path, "answering-greeting", campaign(caller=outbound) + number) == []
        off = number.replace("}\n", ", is_active: false}\n")
        assert found(tmp_path, "answering-greeting", campaign() + off) == []

    def test_an_assistant_of_another_stack_is_not_judged(self, tmp_path: Path) -> None:
        example = campaign().replace("${assistants.caller}", "3f0c0d5e-0000-4000-8000-000000000000")
        for rule in (
            "inactive-caller",
            "campaign-without-voicemail",
            "campaign-without-greeting",
            "answering-greeting",
        ):
            assert found(tmp_path, rule, example) == []
