"""What the policy that answers now says of itself, also after an exchange under way."""

import logging
from collections.abc import Iterator
from pathlib import Path

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.agents.manifest import parse_manifest
from heatrouter.deploy.model_store import ModelStore
from heatrouter.deploy.web.snapshots import Received
from heatrouter.deploy.web_site import BundleInfo, Site, bundle_info
from heatrouter.envs.errors import BundleError

_log = logging.getLogger(__name__)


class BundleInUse:
    """Finds the bundle of a snapshot by its digest: at the start, in the store, in the settings.

    Args:
        site: The bundle at the start, and where others are.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._last = site.bundle

    def info(self, newest: Received | None) -> BundleInfo | None:
        """What the bundle says of itself; None without one, or where nobody knows it.

        Args:
            newest: The newest snapshot; before the first, the bundle is that of the start.
        """
        digest = None if newest is None else newest.bundle
        if self._last is None or not digest or digest == self._last.digest:
            return self._last
        for found in self._candidates():
            if found.digest == digest:
                self._last = found
                return found
        return None

    def _candidates(self) -> Iterator[BundleInfo]:
        if self._site.bundle is not None:
            yield self._site.bundle
        try:
            store = ModelStore(self._site.state_dir)
            index = store.index()
        except BundleError as error:
            _log.warning("%s", error)
            return
        folders = [store.folder(name) for name in (index.champion, index.previous) if name]
        if self._site.configured is not None:
            folders.append(self._site.configured)
        for folder in folders:
            info = _described(folder)
            if info is not None:
                yield info


def _described(folder: Path) -> BundleInfo | None:
    try:
        return bundle_info(parse_manifest(read_bundle(folder).manifest), folder)
    except BundleError as error:
        _log.warning("%s", error)
        return None
