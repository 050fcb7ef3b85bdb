"""The law as data: lists, regimes, measures and domains with their dates of force; duties and their due dates."""
