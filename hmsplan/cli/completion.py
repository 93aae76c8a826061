"""``hmsplan completion``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import out

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals

SCRIPTS: Final = {
    "bash": r"""
_hmsplan_completion() {
  local found
  COMPREPLY=()
  while IFS= read -r found; do
    COMPREPLY+=("$found")
  done < <(_HMSPLAN_COMPLETE=bash _HMSPLAN_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \
    "${COMP_WORDS[0]}" 2>/dev/null)
  case "${COMPREPLY[0]-}" in
    */ | *:) compopt -o nospace 2>/dev/null ;;
  esac
}
complete -o nosort -F _hmsplan_completion hmsplan 2>/dev/null || complete -F _hmsplan_completion hmsplan
""",
    "zsh": r"""
#compdef hmsplan
_hmsplan() {
  local line value
  local -a found open shown shown_open
  while IFS= read -r line; do
    value="${line%%$'\t'*}"
    line="${value}${${line#*$'\t'}:+  -- ${line#*$'\t'}}"
    case "$value" in
      */ | *:) open+=("$value"); shown_open+=("$line") ;;
      *) found+=("$value"); shown+=("$line") ;;
    esac
  done < <(_HMSPLAN_COMPLETE=zsh _HMSPLAN_WORDS="${(F)words[1,CURRENT]}" "${words[1]}" 2>/dev/null)
  (( $#found )) && compadd -l -d shown -a found
  (( $#open )) && compadd -S '' -d shown_open -a open
}
compdef _hmsplan hmsplan
""",
    "fish": r"""
function __hmsplan_complete
    set -lx _HMSPLAN_COMPLETE fish
    set -lx _HMSPLAN_WORDS (string join \n -- (commandline -opc) (commandline -ct) | string collect -N)
    hmsplan 2>/dev/null
end
complete -c hmsplan -f -k -a '(__hmsplan_complete)'
""",
    "powershell": r"""
Register-ArgumentCompleter -Native -CommandName hmsplan -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    if ($wordToComplete -eq '') { $words += '' }
    $env:_HMSPLAN_COMPLETE = 'powershell'
    $env:_HMSPLAN_WORDS = $words -join "`n"
    try {
        & hmsplan 2>$null | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }
    } finally {
        Remove-Item Env:_HMSPLAN_COMPLETE, Env:_HMSPLAN_WORDS
    }
}
""",
}
"""Each sets variables that ``completing`` reads, runs hmsplan, and hands its lines on."""


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(list(SCRIPTS)))
@click.pass_obj
def completion_command(options: Globals, shell: str) -> None:  # noqa: ARG001 -- a script is a script
    """Print the completion script of a shell. To install it, add one line to the file your shell reads:

    \b
      ~/.bashrc                    eval "$(hmsplan completion bash)"
      ~/.zshrc, after compinit     eval "$(hmsplan completion zsh)"
      ~/.config/fish/config.fish   hmsplan completion fish | source
      $PROFILE of PowerShell
        hmsplan completion powershell | Out-String | Invoke-Expression
    """  # noqa: D301, D415 -- \b is click's: do not wrap what follows
    out(SCRIPTS[shell].strip())
