"""One plan, one report, many views: a module for each kind of reader. Nothing here decides anything."""
