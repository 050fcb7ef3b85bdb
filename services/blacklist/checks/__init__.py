"""Batch checks by file (批量核查) and tender projects with their signed sheet and watch (招标项目核查)."""
