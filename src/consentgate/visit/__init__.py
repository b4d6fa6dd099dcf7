"""One request's visit: what its visitor allows, and the choice made in it."""

from .request import RequestFacts, VisitGate
from .visit import ENVIRON_KEY, Visit

__all__ = ["ENVIRON_KEY", "RequestFacts", "Visit", "VisitGate"]
