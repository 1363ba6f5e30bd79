"""The pages in which tests see a Jupyter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from tests.browser.lab import THEME_SETTING, Lab

SIZE = {"width": 1280, "height": 900}
# ms; Voila answers once it has run every cell.
LOADED_WITHIN = 120_000


class Pages:
    """The pages of one Jupyter.

    At the end of each test what it began is ended: kernels, pages, settings. The kernels come
    first: one that is over says nothing more to a page that leaves it.

    Args:
        browser: The browser.
        lab: The JupyterLab or Notebook 7.
    """

    def __init__(self, browser: Browser, lab: Lab) -> None:
        self._browser = browser
        self._lab = lab
        self._shared: Page | None = None

    @contextmanager
    def own(self) -> Iterator[Page]:
        """A page with cookies and storage of its own, in which nothing is loaded.

        An error at the end where something went wrong.
        """
        page = self._new()
        with self._checked(page, lambda: False):
            yield page

    @contextmanager
    def shared(self, has_failed: Callable[[], bool]) -> Iterator[Page]:
        """A page in which JupyterLab is loaded and no notebook is open; else the same.

        The next test gets it too, unless something went wrong or can't be put back.
        """
        page, self._shared = self._shared, None
        if page is None:
            page = self._new()
            self._lab.load(page)
        # Chromium gives the processes of pages behind another one less of a busy processor.
        page.bring_to_front()
        with self._checked(page, lambda: not has_failed() and self._is_put_back(page)):
            yield page

    def close(self) -> None:
        """Close the page that tests shared."""
        if self._shared is not None:
            self._shared.context.close()

    def _new(self) -> Page:
        page = self._browser.new_context(viewport=SIZE).new_page()
        page.set_default_navigation_timeout(LOADED_WITHIN)
        return page

    @contextmanager
    def _checked(self, page: Page, is_kept: Callable[[], bool]) -> Iterator[None]:
        sessions = self._lab.sessions()
        self._lab.watch(page)
        yield
        problems = self._lab.problems(page)
        if not problems and is_kept():
            self._shared = page
        self._lab.clear(but=sessions)
        if self._shared is page:
            for other in page.context.pages:
                if other is not page:
                    other.close()
        else:
            page.context.close()
        assert problems == [], "\n".join(problems)

    def _is_put_back(self, page: Page) -> bool:
        """Close the notebooks, and undo what may have been done to the page around them."""
        self._lab.close_notebooks(page)
        page.set_viewport_size(SIZE)
        page.emulate_media(reduced_motion="no-preference")
        if page.evaluate("document.body.dataset.jpThemeLight") != "true":
            self._lab.set_theme(page, "light")
        # JupyterLab doesn't learn of a setting that is taken back; a dialog asks of what is over.
        changed = self._lab.changed_settings()
        return changed <= {THEME_SETTING} and page.locator(".jp-Dialog").count() == 0
