"""The public read process (公开查询进程): the register alone, from a database it can only read.

It holds no key, writes no row, sees no identity column, and goes on answering while the regulator's side
is down.
"""
