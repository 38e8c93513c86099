"""An embedded server that answers like Immich, for demos and tests. It imports nothing of the engine."""

import logging

# what goes wrong inside is for whoever sets up logging, not for the terminal
logging.getLogger(__name__).addHandler(logging.NullHandler())
