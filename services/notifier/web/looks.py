"""Colours of tags; the words beside them carry the meaning."""

SEVERITY_COLOURS = {"info": "grey", "notice": "blue", "warning": "yellow", "urgent": "red"}
STATE_COLOURS = {
    "waiting": "grey",
    "sending": "blue",
    "accepted": "green",
    "dead": "red",
    "superseded": "grey",
}
