"""What ``--help`` says besides the options' own words: their groups, examples, exit codes. Data, and what prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS: Final = {
    "What to plan": ("--target", "--exclude", "--limit", "--destroy", "--resend", "--against", "--impact"),
    "When": ("--at", "--wait-for-calls", "--then"),
    "Consent": ("--yes", "--allow", "--expect-digest", "--trust-from"),
    "Which members": ("--member", "--shards", "--continue", "--no-wait", "--executor", "--parallel"),
    "The organization": ("--sink", "--name"),
    "What to check": ("--rules", "--rule"),
    "What to pull": ("--ours", "--theirs", "--shared"),
    "What to export": ("--only", "--without-leads", "--minimal"),
    "What to settle": ("--adopt", "--none", "--create", "--force"),
    "What to send": ("--to", "--tool", "--script", "--secret", "--fixture", "--answer"),
    "The server": ("--port", "--db", "--faults", "--settings"),
    "Result": (
        *(
            "--out",
            "--check",
            "--diff",
            "--format",
            "--json",
            "--detailed-exitcode",
            "--show-unchanged",
            "--unmanaged",
            "--live",
        ),
        *(
            "--digest",
            "--fail-severity",
            "--watch",
            "--ci",
            "--install",
            "--mcp",
            "--keep",
            "--fast",
            "--write",
            "--live",
        ),
    ),
    "Stack": ("-C", "--env", "--var", "--secrets", "--secrets-file"),
    "State and API": ("--state", "--emulator", "--allow-host", "--ca-bundle", "--timeout"),
    "On the screen": ("--no-color", "--verbose", "--version", "--help"),
}
"""Title to options, in the order of ``--help``; a name means the same in every command."""

EXIT_CODES: Final = {
    "0": "success, no changes",
    "1": "any other error, usage included",
    "2": "changes (plan --detailed-exitcode), drift (drift), differences that are not meant (compare)",
    "3": "invalid configuration",
    "4": "refused by a guard, limit, window or policy, plan too",
    "5": "stale: the plan or digest no longer holds",
    "6": "applied in part",
    "7": "state is locked",
    "8": "a create cannot be settled; run resolve",
    "9": "authentication, or another organization than declared",
    "130, 143": "stopped by SIGINT, SIGTERM",
}
"""The frozen table of the README."""


class Manual(NamedTuple):
    """What is said of one command.

    Attributes:
        examples: what it does, and what to type.
        exits: keys of ``EXIT_CODES``.
        instead: what a code means here, where the table says more than that.
    """

    examples: tuple[tuple[str, str], ...]
    exits: tuple[str, ...] = ("0", "1")
    instead: tuple[tuple[str, str], ...] = ()


_OFFLINE: Final = ("0", "1", "3")
_STATE: Final = ("0", "1", "3", "7")
_READS: Final = ("0", "1", "3", "9", "130, 143")
_DONE: Final = (("0", "success"),)

MANUALS: Final = {
    "": Manual(
        (
            ("See what would change in production", "hmsplan plan -e production"),
            ("Explain a command", "hmsplan help plan"),
            ("Try all of it without a key", "hmsplan --emulator apply"),
        ),
        tuple(EXIT_CODES),
        (("2", "changes or drift, with --detailed-exitcode"),),
    ),
    "init": Manual(
        (
            ("Begin a stack in a new folder", "hmsplan init my-practice"),
            ("With jobs that plan pull requests", "hmsplan init my-practice --ci github --install 0.1.0"),
        ),
        instead=_DONE,
    ),
    "validate": Manual(
        (
            ("Check the stack of this folder", "hmsplan validate"),
            ("Mark the lines in a pull request on GitHub", "hmsplan validate --format github"),
        ),
        _OFFLINE,
        (("0", "the stack is valid"),),
    ),
    "lint": Manual(
        (
            ("Check the stack of this folder", "hmsplan lint"),
            ("What is there to find?", "hmsplan lint --rules"),
            ("Fail on warnings too", "hmsplan lint --fail-severity warning"),
        ),
        _OFFLINE,
        (("0", "nothing bad enough was found"), ("3", "something was, or the stack is invalid")),
    ),
    "plan": Manual(
        (
            ("Show what an apply would change", "hmsplan plan -e production"),
            ("Only the assistants, but for one", "hmsplan plan --target 'assistants.*' --exclude assistants.trial"),
            ("Save the plan for a later apply", "hmsplan plan -e production -o week.plan"),
            ("Plan again whenever a file changes", "hmsplan plan --watch"),
            ("In a script: is there anything to do?", "hmsplan plan --detailed-exitcode"),
        ),
        ("0", "1", "2", "3", "4", "5", "8", "9", "130, 143"),
        (
            ("0", "a plan was made"),
            ("2", "there are changes (--detailed-exitcode)"),
            ("5", "FILE holds no more (--check)"),
        ),
    ),
    "apply": Manual(
        (
            ("Show the plan, ask, and do it", "hmsplan apply -e production"),
            ("Perform a saved plan, as it was reviewed", "hmsplan apply week.plan"),
            ("Allow a risk that was refused", "hmsplan apply --allow start:campaigns.recall"),
            ("Wait for calls to end, and for the evening", "hmsplan apply --at 18:00 --wait-for-calls 10m"),
            ("Delete everything that the state knows", "hmsplan apply -e trial --destroy"),
        ),
        tuple(code for code in EXIT_CODES if code != "2"),
        (("0", "all is done"),),
    ),
    "calls": Manual(
        (
            ("Who is on the line?", "hmsplan calls -e production"),
            ("Only calls on one assistant", "hmsplan calls assistants.support"),
        ),
        _READS,
        _DONE,
    ),
    "policy": Manual((("Run the tests of the policies", "hmsplan policy test"),), _OFFLINE, _DONE),
    "policy test": Manual(
        (("Run the tests of the policies", "hmsplan policy test"),),
        _OFFLINE,
        (("0", "all tests passed"), ("1", "one failed, there are no policies, or any other error")),
    ),
    "fleet": Manual(
        (
            ("See what would change in all members", "hmsplan fleet plan"),
            ("Apply to the members with the tag pilot", "hmsplan fleet apply --member pilot"),
        ),
        ("0", "1", "3"),
        _DONE,
    ),
    "fleet status": Manual((("What is known of each member?", "hmsplan fleet status"),), ("0", "1", "3"), _DONE),
    "fleet plan": Manual(
        (
            ("See what would change in all members", "hmsplan fleet plan"),
            ("Save the plan of each member", "hmsplan fleet plan -o plans"),
            ("On a Dask cluster", "hmsplan fleet plan --executor dask://scheduler:8786"),
            ("For a comment on a pull request", "hmsplan fleet plan --format markdown"),
        ),
        ("0", "1", "2", "3", "4", "8", "9"),
    ),
    "fleet apply": Manual(
        (
            ("Apply all members, wave by wave", "hmsplan fleet apply"),
            ("Apply what was reviewed", "hmsplan fleet apply -y --expect-digest fleet:5f1c"),
            ("Go on where it stopped", "hmsplan fleet apply --continue"),
        ),
        ("0", "1", "3", "4", "5", "6", "7", "8", "9", "130, 143"),
    ),
    "fleet doctor": Manual(
        (("Is everything there that the members need?", "hmsplan fleet doctor"),),
        ("0", "1", "3", "9"),
        _DONE,
    ),
    "fleet create": Manual(
        (
            (
                "Make the organization of a member, and keep its key in a file",
                "hmsplan fleet create zuid --sink file:zuid.key",
            ),
            (
                "Keep its key as a secret of GitHub",
                "hmsplan fleet create zuid --sink 'exec:gh secret set HMS_KEY_ZUID'",
            ),
        ),
        ("0", "1", "3", "4", "5", "7", "8", "9"),
        _DONE,
    ),
    "fleet unlock": Manual(
        (("After a fleet apply that was killed on another machine", "hmsplan fleet unlock --force"),),
        ("0", "1", "3", "7"),
        _DONE,
    ),
    "fleet drift": Manual(
        (("In a nightly job", "hmsplan fleet drift --detailed-exitcode"),), ("0", "1", "2", "3", "9"), _DONE
    ),
    "fleet lint": Manual(
        (("Check the stack with the variables of each member", "hmsplan fleet lint"),),
        ("0", "1", "3"),
        (("0", "nothing bad enough was found"), ("3", "something was, or a stack is invalid")),
    ),
    "fleet matrix": Manual(
        (("Divide the members into four jobs", "hmsplan fleet matrix --shards 4"),), ("0", "1", "3"), _DONE
    ),
    "fleet export": Manual(
        (("Write the organization of each member to files", "hmsplan fleet export members"),),
        ("0", "1", "3", "9"),
        _DONE,
    ),
    "drift": Manual(
        (
            ("Show what changed in the dashboard", "hmsplan drift -e production"),
            ("In a nightly job", "hmsplan drift -e production --detailed-exitcode"),
        ),
        ("0", "1", "2", "3", "9", "130, 143"),
        (("0", "no drift, or no --detailed-exitcode"), ("2", "something drifted (--detailed-exitcode)")),
    ),
    "pull": Manual(
        (
            ("See what would be written", "hmsplan pull --check -e production"),
            ("Write what changed in the dashboard", "hmsplan pull -e production"),
            ("Only this assistant; what is live wins", "hmsplan pull --theirs assistants.support"),
            ("With files for what was made there", "hmsplan pull --adopt -e production"),
        ),
        ("0", "1", "2", "3", "9", "130, 143"),
        (
            ("0", "the files declare what is live, or no --detailed-exitcode"),
            ("1", "a conflict, an object that is gone, a value that cannot be written; or any other error"),
            ("2", "something was, or would be, written (--detailed-exitcode)"),
        ),
    ),
    "show": Manual(
        (
            ("Show a saved plan", "hmsplan show week.plan"),
            ("As a page of HTML", "hmsplan show week.plan --format html"),
            ("What did the last apply do?", "hmsplan show @-1 -e production"),
        ),
        ("0", "1", "5"),
        (*_DONE, ("5", "the file was edited")),
    ),
    "history": Manual(
        (
            ("Who applied what?", "hmsplan history -e production"),
            ("The versions of a prompt", "hmsplan history assistants.support -e production"),
            ("What changed in it between two applies", "hmsplan history assistants.support @12 @-1 -e production"),
        ),
        _OFFLINE,
        _DONE,
    ),
    "rollback": Manual(
        (
            ("Back to how apply @12 left it: show the plan, ask, do it", "hmsplan rollback @12 -e production"),
            ("Before the last apply", "hmsplan rollback @-2 -e production"),
            ("One prompt alone", "hmsplan rollback @12 --target assistants.support"),
            ("For another person to approve", "hmsplan rollback @12 -o back.plan"),
        ),
        tuple(EXIT_CODES),
        (("0", "all is done, or a plan was made"), ("2", "there are changes (--detailed-exitcode)")),
    ),
    "compare": Manual(
        (
            ("What do the files say?", "hmsplan compare -e staging -e production"),
            ("Why does it work in staging only?", "hmsplan compare -e staging -e production --live"),
        ),
        ("0", "1", "2", "3", "9", "130, 143"),
        (("0", "compared, or no --detailed-exitcode"), ("2", "something differs by accident (--detailed-exitcode)")),
    ),
    "snapshot": Manual(
        (("Save what is live, for plans without a key", "hmsplan snapshot -e production -o snapshot.json"),),
        _READS,
        _DONE,
    ),
    "graph": Manual(
        (
            ("What depends on what, for GitHub", "hmsplan graph"),
            ("As a picture, by Graphviz", "hmsplan graph --format dot"),
        ),
        _OFFLINE,
        _DONE,
    ),
    "explain": Manual(
        (
            ("Where does each value come from?", "hmsplan explain assistants.support -e production"),
            ("Of one field", "hmsplan explain assistants.support.llm_config.model"),
            ("What does a rule of lint mean?", "hmsplan explain unknown-placeholder"),
        ),
        _OFFLINE,
        _DONE,
    ),
    "import": Manual(
        (
            (
                "Bind a live number to its address",
                "hmsplan import numbers.main 3f0c0d5e-0000-4000-8000-000000000000",
            ),
        ),
        ("0", "1", "3", "7", "9"),
        _DONE,
    ),
    "export": Manual(
        (
            ("Write YAML for a whole organization", "hmsplan export my-practice"),
            ("The assistants and one number", "hmsplan export part --only assistants --only numbers.main"),
        ),
        _READS,
        _DONE,
    ),
    "catalog": Manual((("Show every provider", "hmsplan catalog show"),), _READS, _DONE),
    "catalog show": Manual(
        (
            ("Show the models, voices and keys of one provider", "hmsplan catalog show elevenlabs"),
            ("Compare with what the platform offers now", "hmsplan catalog show --live"),
        ),
        _READS,
        _DONE,
    ),
    "catalog residency": Manual(
        (
            ("Show where calls go, and what of it is in the EEA", "hmsplan catalog residency -e production"),
            ("Write it as a page", "hmsplan catalog residency --format markdown"),
        ),
        _OFFLINE,
        _DONE,
    ),
    "domain": Manual((("Show the DNS records to set", "hmsplan domain status"),), _READS, _DONE),
    "domain status": Manual((("Show the DNS records to set", "hmsplan domain status -e production"),), _READS, _DONE),
    "domain verify": Manual(
        (("Have the records checked now", "hmsplan domain verify -e production"),),
        _READS,
        (("0", "verified, or the check goes on"), ("1", "it failed, there is no domain, or any other error")),
    ),
    "webhook": Manual(
        (("Try the webhooks of staging", "hmsplan webhook test -e staging --allow webhook:staging.acme.example"),),
        ("0", "1", "3", "4"),
        _DONE,
    ),
    "webhook test": Manual(
        (
            ("Try every webhook", "hmsplan webhook test -e staging --allow webhook:staging.acme.example"),
            ("Those of one assistant", "hmsplan webhook test assistants.support -e local"),
        ),
        ("0", "1", "3", "4"),
        (
            ("0", "every event was answered as it should be"),
            ("1", "one was not, or any other error"),
            ("4", "a host is not allowed; nothing was sent"),
        ),
    ),
    "webhook fixtures": Manual(
        (("Write the events for the tests of the service", "hmsplan webhook fixtures tests/events"),), _OFFLINE, _DONE
    ),
    "webhook send": Manual(
        (
            (
                "Call a tool of the service on this machine",
                "hmsplan webhook send tool-calls --to http://127.0.0.1:8000/voice",
            ),
        ),
        ("0", "1", "3", "4"),
        (
            ("0", "the answer is as it should be"),
            ("1", "it is not, or any other error"),
            ("4", "the host is not allowed"),
        ),
    ),
    "webhook schema": Manual((("The JSON Schema of a tool call", "hmsplan webhook schema tool-calls"),), instead=_DONE),
    "webhook verify": Manual(
        (("Who signed this?", "hmsplan webhook verify assistants.support < request.http"),),
        _OFFLINE,
        (("0", "it is signed"), ("1", "it is not, or any other error")),
    ),
    "state": Manual(
        (
            ("List what is bound", "hmsplan state list -e production"),
            ("Forget an object and leave it alone", "hmsplan state rm assistants.old"),
        ),
        _STATE,
        _DONE,
    ),
    "state list": Manual((("List what is bound", "hmsplan state list -e production"),), _STATE, _DONE),
    "state show": Manual((("Show what was last applied", "hmsplan state show assistants.support"),), _STATE, _DONE),
    "state mv": Manual((("Rename a resource", "hmsplan state mv assistants.help assistants.support"),), _STATE, _DONE),
    "state rm": Manual((("Forget an object and leave it alone", "hmsplan state rm assistants.old"),), _STATE, _DONE),
    "state rename-stack": Manual(
        (("After `stack:` was changed", "hmsplan state rename-stack acme-voice"),), _STATE, _DONE
    ),
    "state pull": Manual((("Keep a copy of the state", "hmsplan state pull > state.json"),), _STATE, _DONE),
    "state push": Manual((("Put a kept state back", "hmsplan state push state.json"),), _STATE, _DONE),
    "state migrate": Manual(
        (("Move the state to a bucket", "hmsplan state migrate file s3://acme-state/voice"),), _STATE, _DONE
    ),
    "state unlock": Manual((("After a run that was killed", "hmsplan state unlock -e production"),), _STATE, _DONE),
    "resolve": Manual(
        (
            (
                "This object is the one that was created",
                "hmsplan resolve numbers.main --adopt 3f0c0d5e-0000-4000-8000-000000000000",
            ),
            ("It was not created", "hmsplan resolve numbers.main --none"),
        ),
        ("0", "1", "3", "7", "9"),
        _DONE,
    ),
    "fmt": Manual(
        (
            ("Format all files of the stack", "hmsplan fmt"),
            ("In CI: is there one to format?", "hmsplan fmt --check --diff"),
        ),
        ("0", "1", "3"),
        (*_DONE, ("1", "a file is not in canonical form (--check), or any other error")),
    ),
    "schema": Manual(
        (("The schema of a whole resource file", "hmsplan schema"), ("Of one kind", "hmsplan schema assistants")),
        instead=_DONE,
    ),
    "mcp": Manual(
        (("Serve the agent that starts this, for one stack", "hmsplan -C my-practice -e staging mcp"),),
        ("0", "1", "130, 143"),
        (("0", "the agent closed stdin"),),
    ),
    "doctor": Manual(
        (("Is everything there that a plan needs?", "hmsplan doctor -e production"),),
        ("0", "1", "3", "9"),
        (("0", "all is well"),),
    ),
    "completion": Manual(
        (("In ~/.bashrc", 'eval "$(hmsplan completion bash)"'), ("Now, in fish", "hmsplan completion fish | source")),
        instead=_DONE,
    ),
    "help": Manual((("Explain a command", "hmsplan help state mv"),), instead=_DONE),
    "version": Manual((("The version, for a script", "hmsplan version --json"),), instead=_DONE),
    "emulator": Manual(
        (("Keep an organization of your own in a file", "hmsplan emulator --port 8787 --db practice.db"),),
        ("0", "1", "130, 143"),
        _DONE,
    ),
    "emulator call": Manual(
        (("Hold the call of a script on this machine", "hmsplan emulator call +31850000010 --script call.yaml"),),
        ("0", "1", "3"),
        (("0", "every event was answered as it should be"), ("1", "one was not, or any other error")),
    ),
    "demo": Manual(
        (("Play it, and keep the folder", "hmsplan demo --keep practice"),),
        instead=(*_DONE, ("1", "a command ended otherwise than it should")),
    ),
}
"""Command, without ``hmsplan`` in front, to what is said of it."""


def write_manual(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write what stands below the text of a command."""
    for title, rows in _groups(command, ctx):
        with formatter.section(title):
            formatter.write_dl(rows, col_max=26)
    manual = MANUALS.get(_path(ctx))
    if manual is None:
        return
    with formatter.section("Examples"):
        for number, (meaning, typed) in enumerate(manual.examples):
            formatter.write("\n" if number else "")
            formatter.write(f"  # {meaning}\n  {typed}\n")
    with formatter.section("Exit codes"):
        formatter.write_dl([(code, dict(manual.instead).get(code, EXIT_CODES[code])) for code in manual.exits])


def _path(ctx: click.Context) -> str:
    """Return the words of a command without ``hmsplan``; of an alias, those of what it stands for."""
    return f"{_path(ctx.parent)} {ctx.command.name}".strip() if ctx.parent is not None else ""


def _groups(command: click.Command, ctx: click.Context) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield title and rows of each group that has some; options without a group come first."""
    grouped = [name for names in GROUPS.values() for name in names]
    rows: dict[str, tuple[str, str]] = {}
    for param in command.get_params(ctx):
        if isinstance(param, click.Option) and (row := param.get_help_record(ctx)) is not None:
            rows[next((name for name in param.opts if name in grouped), param.opts[0])] = row
    for title, names in {"Options": [name for name in rows if name not in grouped], **GROUPS}.items():
        if found := [rows[name] for name in names if name in rows]:
            yield title, found
