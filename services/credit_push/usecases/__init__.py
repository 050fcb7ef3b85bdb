"""What happens in the push service: planning, sending, receiving receipts, work by hand, operators' verbs."""

from services.credit_push.usecases.deps import Deps

__all__ = ["Deps"]
