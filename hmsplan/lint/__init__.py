"""What a caller would hear, and what the law minds: rules that know voice. Pure; see ``rule`` and ``engine``."""
