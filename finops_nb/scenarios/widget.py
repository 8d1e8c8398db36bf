"""The what-if in JupyterLab: it shows the texts of a state, and brings back what a person does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import anywidget
import traitlets
from IPython import get_ipython

from finops_nb.errors import FinopsError

FOLDER: Final = Path(__file__).parent / "assets"
REPORTING: Final = "The report is being made; this takes some seconds."
INTERRUPTED: Final = "Interrupted before it was done."


class ViewState(Protocol):
    """What is shown and changed; `what_if_panel.Panel` is one."""

    def view(self) -> dict[str, Any]: ...
    def act(self, action: Mapping[str, Any]) -> None: ...
    def _repr_html_(self) -> str: ...


class BudgetWhatIf(anywidget.AnyWidget):
    """A state as a panel in JupyterLab; where nothing can be edited, its table stands still.

    Args:
        state: where every text that is shown comes from.
    """

    _esm = FOLDER / "what_if.js"
    _css = FOLDER / "what_if.css"

    view = traitlets.Dict().tag(sync=True)
    """The state's view, and of the last action: `seq`, its number; `problem`, what it failed of; `busy` while it takes its time."""

    def __init__(self, state: ViewState):
        self._state = state
        super().__init__(view=state.view())
        self.on_msg(lambda _, action, buffers: self.act(action))

    def act(self, action: Mapping[str, Any]) -> None:
        """Do what a control asks for and show what came of it; where that fails, a sentence says so.

        Args:
            action: `do` and what that needs; `seq` where it comes from the browser.
        """
        before = self.view
        if action.get("do") == "report":
            self.view = {
                **before,
                "busy": True,
                "scenario": {**before["scenario"], "message": REPORTING},
            }
        _, failed = _attempt(self._state.act, action)
        after, unshown = _attempt(self._state.view)
        self.view = {
            **(after or before),
            "seq": action.get("seq", before.get("seq")),
            "problem": failed or unshown,
        }

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The panel where a person is at the other end, and the table for a page without a kernel."""
        still = {
            "text/html": self._state._repr_html_(),
            "text/plain": f"{self.view['heading']}: {self.view['sentence']}",
        }
        panel = super()._repr_mimebundle_(**kwargs) if _is_attended() else None
        if panel is None:
            return still, {}
        data, metadata = panel
        return {**data, **still}, metadata


def _is_attended() -> bool:
    """Whether who asked for this cell can answer a question: JupyterLab says so with each cell, papermill and nbconvert say no.

    A page that they make shows a panel as nothing at all, since it prefers the panel to the table beside it.
    """
    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    return kernel is None or bool(
        kernel.get_parent("shell").get("content", {}).get("allow_stdin", True)
    )


def _attempt(call: Callable[..., Any], *args: Any) -> tuple[Any, str]:
    """What a call returns, or what it failed of, as a sentence."""
    try:
        return call(*args), ""
    except FinopsError as error:
        return None, str(error)
    except KeyboardInterrupt:
        return None, INTERRUPTED
    except Exception as error:
        return None, f"A case that finops_nb does not know: {type(error).__name__}: {error}."
