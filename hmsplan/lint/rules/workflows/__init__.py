"""The way of a call through a graph."""
