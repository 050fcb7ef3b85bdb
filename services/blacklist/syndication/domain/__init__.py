"""Writing feeds, site maps and entities: plain functions from what was read to what is sent."""
