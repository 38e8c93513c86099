"""Every way to die and every fault, one after the other, at every request of a run."""
