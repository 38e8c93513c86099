"""Random plans in a row on libraries that misbehave, compared with a model: `python -m tests.soak`."""
