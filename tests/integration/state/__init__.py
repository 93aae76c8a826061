"""Processes that meet at one state, and are stopped or killed there."""
