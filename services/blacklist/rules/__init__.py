"""The law as data: lists, regimes, measures and domains with dates of force; duties and due dates."""
