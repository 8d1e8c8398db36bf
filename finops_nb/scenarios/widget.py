"""Widget: the what-if in JupyterLab; it shows the texts of a state and passes on user actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import anywidget
import traitlets
from IPython import get_ipython

from finops_nb.errors import FinopsError

FOLDER: Final = Path(__file__).parent / "assets"
REPORTING: Final = "Publishing the report. This takes a few seconds."
INTERRUPTED: Final = "Interrupted before it finished."


class ViewState(Protocol):
    """What the widget shows and changes, such as `panel.Panel`."""

    def view(self) -> dict[str, Any]: ...
    def act(self, action: Mapping[str, Any]) -> None: ...
    def _repr_html_(self) -> str: ...


class BudgetWhatIf(anywidget.AnyWidget):
    """A state as a panel in JupyterLab; elsewhere it is a table that cannot be edited.

    Args:
        state: supplies every text that is shown.
    """

    _esm = FOLDER / "what_if.js"
    _css = FOLDER / "what_if.css"

    view = traitlets.Dict().tag(sync=True)
    """The state's view, with three more keys: `seq`, the number of the last action; `problem`, why
    that action failed, or ""; `busy` while it takes its time."""

    def __init__(self, state: ViewState):
        self._state = state
        super().__init__(view=state.view())
        self.on_msg(lambda _, action, buffers: self.act(action))

    def act(self, action: Mapping[str, Any]) -> None:
        """Do what a control asks for and show the result; a failure is shown as a sentence.

        Args:
            action: `do` and what it needs; also `seq` if it comes from the browser.

        Example:
            act({"do": "budget", "dimension": "organization", "name": "org-a", "text": "2800"})
        """
        before = self.view
        if action.get("do") == "report":
            scenario = {**before["scenario"], "message": REPORTING}
            self.view = {**before, "busy": True, "scenario": scenario}
        _, action_problem = _attempt(self._state.act, action)
        after, view_problem = _attempt(self._state.view)
        self.view = {
            **(after or before),
            "seq": action.get("seq", before.get("seq")),
            "problem": action_problem or view_problem,
        }

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The panel for a person in JupyterLab, and a table for pages without a kernel."""
        static = {
            "text/html": self._state._repr_html_(),
            "text/plain": f"{self.view['heading']}: {self.view['sentence']}",
        }
        panel = super()._repr_mimebundle_(**kwargs) if _is_interactive() else None
        if panel is None:
            return static, {}
        data, metadata = panel
        return {**data, **static}, metadata


def _is_interactive() -> bool:
    """Whether a person can edit the panel: JupyterLab allows input in a cell, papermill does not.

    A page that papermill and nbconvert make would prefer the panel to the table, and then show
    nothing, because there is no kernel.
    """
    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return True
    return bool(kernel.get_parent("shell").get("content", {}).get("allow_stdin", True))


def _attempt(call: Callable[..., Any], *args: Any) -> tuple[Any, str]:
    """The result of a call and ""; or None and why it failed, as a sentence."""
    try:
        return call(*args), ""
    except FinopsError as error:
        return None, str(error)
    except KeyboardInterrupt:
        return None, INTERRUPTED
    except Exception as error:
        return None, f"Internal error: {type(error).__name__}: {error}."
