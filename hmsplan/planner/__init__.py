"""Stack, Snapshot, State -> Plan. Pure: no clock, no chance, no file and no network."""
