"""The middleware: environ and start_response (PEP 3333)."""
