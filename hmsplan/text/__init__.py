"""How things are said: words, times, and foreign text made safe to show. Pure, and used by every other folder."""
