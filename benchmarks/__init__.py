"""What the gate costs, beside the fastest one we could write and everything else a site could install."""
