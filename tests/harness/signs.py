"""Any sign that can be written: those of `st.text()`, which asks the codec about each of a million first."""

from hypothesis import strategies as st

SIGNS = st.characters(exclude_categories=["Cs"])
