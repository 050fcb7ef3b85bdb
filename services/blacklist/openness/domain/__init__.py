"""Pure parts of openness: kinds and terms as data, items, opinions, channel texts, reports."""
