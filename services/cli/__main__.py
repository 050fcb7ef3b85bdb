"""`python -m services.cli`."""

from services.cli import run

if __name__ == "__main__":
    run()
