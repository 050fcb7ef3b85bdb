"""Dates the formats' tests share."""

from datetime import date

BIRTH = date(1980, 1, 1)
