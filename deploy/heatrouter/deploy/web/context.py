"""Everything the handlers of requests work with."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from heatrouter.deploy.history_file import HISTORY_FILE
from heatrouter.deploy.state_dir import StateDir
from heatrouter.deploy.web.bundle_in_use import BundleInUse
from heatrouter.deploy.web.drawing import Drawing, drawing_of
from heatrouter.deploy.web.feed import Feed
from heatrouter.deploy.web.kept_history import KeptHistory
from heatrouter.deploy.web.metrics import ServerMetrics
from heatrouter.deploy.web.sessions import Sessions
from heatrouter.deploy.web.throttle import Lockout, RateLimit
from heatrouter.deploy.web.trends import History, RecentHistory
from heatrouter.deploy.web.users import UserFile, users_path
from heatrouter.deploy.web_site import Site

FREE_FAILURES = 5
"""Wrong passwords of one user from one address without consequence."""

FREE_FAILURES_OF_ALL = 25
"""The same for a user from anywhere, and for an address with any user: guessing in the breadth."""

FIRST_LOCK_S = 30.0
LONGEST_LOCK_S = 900.0

LOGINS_PER_S = 0.5
LOGINS_AT_ONCE = 10
REQUESTS_PER_S = 50.0
REQUESTS_AT_ONCE = 200
CHANGES_PER_S = 2.0
CHANGES_AT_ONCE = 20


@dataclass(slots=True)
class WebContext:
    """What belongs to one running web process.

    Attributes:
        site: Names and settings.
        feed: Snapshots.
        bundle: The policy that answers.
        state_dir: Where requests to the guard process go.
        users: Who may log in.
        sessions: Who is.
        history: Trends.
        metrics: Counts.
        drawing: The map.
        pair_lock: Wrong passwords by user and address.
        wide_lock: Wrong passwords by user, and by address.
        login_limit: Attempts to log in by address.
        change_limit: Changes by user.
        request_limit: Requests by address.
        cookie: Name of the session's cookie.
        searches: One search of the audit log at a time: each holds disk and interpreter.
    """

    site: Site
    feed: Feed
    bundle: BundleInUse
    state_dir: StateDir
    users: UserFile
    sessions: Sessions
    history: History
    metrics: ServerMetrics
    drawing: Drawing
    pair_lock: Lockout
    wide_lock: Lockout
    login_limit: RateLimit
    change_limit: RateLimit
    request_limit: RateLimit
    cookie: str
    searches: asyncio.Semaphore

    @property
    def audit_path(self) -> Path:
        """The audit log's file in use."""
        return self.state_dir.audit_path


def web_context(
    site: Site, feed: Feed, *, port: int, clock: Callable[[], float] = time.monotonic
) -> WebContext:
    """Put together what a web process needs.

    Args:
        site: Names and settings.
        feed: Snapshots; history and metrics begin to watch it.
        port: That it listens on; part of the cookie's name, for browsers keep one jar per host.
        clock: Monotonic real time, s.
    """
    state_dir = StateDir(site.state_dir)
    recent = RecentHistory(site)
    bundle = BundleInUse(site)
    metrics = ServerMetrics(site, feed, bundle)
    feed.watch(recent.note)
    feed.watch(metrics.note)
    prefix = "__Host-" if site.http.secure_cookies else ""
    return WebContext(
        site=site,
        feed=feed,
        bundle=bundle,
        state_dir=state_dir,
        users=UserFile(users_path(site.http.users, site.state_dir)),
        sessions=Sessions(
            idle_s=site.http.session_idle_s, longest_s=site.http.session_s, clock=clock
        ),
        history=KeptHistory(site.state_dir / HISTORY_FILE, recent),
        metrics=metrics,
        drawing=drawing_of(site),
        pair_lock=Lockout(
            free=FREE_FAILURES, first_s=FIRST_LOCK_S, longest_s=LONGEST_LOCK_S, clock=clock
        ),
        wide_lock=Lockout(
            free=FREE_FAILURES_OF_ALL, first_s=FIRST_LOCK_S, longest_s=LONGEST_LOCK_S, clock=clock
        ),
        login_limit=RateLimit(per_s=LOGINS_PER_S, burst=LOGINS_AT_ONCE, clock=clock),
        change_limit=RateLimit(per_s=CHANGES_PER_S, burst=CHANGES_AT_ONCE, clock=clock),
        request_limit=RateLimit(per_s=REQUESTS_PER_S, burst=REQUESTS_AT_ONCE, clock=clock),
        cookie=f"{prefix}heatrouter-{port}",
        searches=asyncio.Semaphore(1),
    )
