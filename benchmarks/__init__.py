"""The cost of the gate, beside the fastest version we could write and other tools."""
