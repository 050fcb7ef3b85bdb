"""The installed Chromium, driven through the pages like a person: by labels and links, never by script."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.harness.wait import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def executable() -> str:
    """CHROMIUM, or the first known name on the PATH; else a loud skip (failure if REQUIRE_REAL)."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if os.environ.get("REQUIRE_REAL") == "1":
        pytest.fail("no Chromium: set CHROMIUM to its path")
    pytest.skip("no Chromium: set CHROMIUM to its path")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """One person at one browser window; remembers whatever the browser complained about."""

    def __init__(self, browser: Browser, base: str, *, scripts: bool = True, width: int = 1280) -> None:
        self.base = base
        self.context = browser.new_context(
            java_script_enabled=scripts, locale="zh-CN", viewport={"width": width, "height": 900}
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000 * PATIENCE)
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._missing)
        self.page.on("dialog", self._surprised)

    def _surprised(self, box) -> None:
        self.complaints.append(f"dialog: {box.message}")
        box.dismiss()

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            self.complaints.append(f"console: {text}")

    def _failed(self, wish) -> None:
        if "ERR_ABORTED" not in (wish.failure or ""):  # leaving a page ends what it still loads
            self.complaints.append(f"failed: {wish.url} {wish.failure}")

    def _missing(self, answer) -> None:
        full = answer.status == 503 and answer.url.endswith("/inbox/stream")  # the page asks now and then
        if (answer.status >= 500 and not full) or (
            answer.status == 404 and answer.request.resource_type != "document"
        ):
            self.complaints.append(f"{answer.status}: {answer.url}")

    def go(self, path: str) -> "Visitor":
        self.page.goto(self.base + path)
        return self

    def send(self) -> "Visitor":
        """Press the page's own (last) submit button."""
        with self.page.expect_navigation():
            self.page.locator("main form button[type=submit]").last.click()
        return self

    def follow(self, name: str, within: str = "body") -> "Visitor":
        """Click a link by its text and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.locator(within).get_by_role("link", name=name).first.click()
        return self

    def fill(self, **values: str) -> "Visitor":
        """By field name; a dot in a name is written as two underscores."""
        for name, value in values.items():
            self.page.locator(f"main [name='{name.replace('__', '.')}']").fill(value)
        return self

    def choose(self, **values: str) -> "Visitor":
        for name, value in values.items():
            self.page.locator(f"main select[name='{name.replace('__', '.')}']").select_option(value)
        return self

    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def sign_in(self, account: dict) -> "Visitor":
        return self.go("/sign-in").fill(username=account["username"], password=account["password"]).send()
