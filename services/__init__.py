"""Three services. None imports another; they meet in the event log.

blacklist -> blacklist.{public,exchange,cases,identity}.v1 -> credit_push, notifier
credit_push -> credit-push.deliveries.v1 -> blacklist, notifier
notifier -> notifier.deliveries.v1 -> blacklist
"""
