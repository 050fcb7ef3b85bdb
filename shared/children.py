"""Processes that work for another one."""

import os
import threading
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess


def end_with_maker() -> None:
    """For a pool's processes, which otherwise wait for work for ever when their maker is killed: each of
    them keeps the pipe of work open for the others.
    """
    maker = parent_process()
    if maker is not None:
        threading.Thread(target=_end_after, args=(maker,), daemon=True).start()


def _end_after(maker: BaseProcess) -> None:
    maker.join()
    os._exit(1)
