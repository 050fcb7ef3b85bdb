"""主动公开: items of information under the catalogue, documents and their interpretation, 舆情, texts for
other outlets, and 监督举报 from the public.
"""
