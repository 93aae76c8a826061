"""Tests of this room; a package, so that names may repeat."""
