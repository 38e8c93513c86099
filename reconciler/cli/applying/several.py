"""What `immich-apply` does for several accounts of a server: all plans, then one account after the other.

Each account has its own run in the journal with its own window and proof, and can be taken back by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import click

from reconciler.apply.preflight import likely_for, methods_for
from reconciler.apply.state.database import state_in
from reconciler.apply.state.exclusion import only_run
from reconciler.cli.applying.before import after_earlier_runs, say_without_window
from reconciler.cli.applying.clock import now
from reconciler.cli.applying.refusing import refusal, refuse_other
from reconciler.cli.applying.session import (
    EXITS,
    NOT_APPROVED,
    PASSES,
    STILL_MORE,
    Here,
    Session,
)
from reconciler.cli.connecting.accounts import parts_of, refuse_twins, say_which
from reconciler.cli.connecting.connect import Ask, Calls, connect, open_place
from reconciler.cli.errors import words_of
from reconciler.cli.exits import Exit
from reconciler.cli.planning.fresh import reads
from reconciler.cli.telling.output import heard
from reconciler.cli.telling.progress import progress
from reconciler.cli.telling.reporting import Reporting
from reconciler.model.desired import Desired
from reconciler.plan import Plan
from reconciler.plan.digest import approved, short
from reconciler.plan.report import Fate, Outcome, Report, together
from reconciler.plan.several import Course, Part, digest_of_all

WORST = (Exit.INTERRUPTED, Exit.INVALID, Exit.ERROR, Exit.BUDGET, Exit.STALE, Exit.PARTIAL, Exit.DONE)
"""Exit codes from the worst to the best; several accounts come to the worst of theirs."""


@dataclass(slots=True)
class Member:
    """One account of a run, with its plan and how far it has come."""

    here: Here
    plan: Plan
    course: Course = Course.NOT_STARTED
    error: str = ""
    code: Exit = Exit.DONE
    wrote: bool = False
    """Whether this pass has written something for it."""
    fits: bool = False
    """Whether its saved plan was found to fit just now, and nothing was asked or written since."""
    first: Plan = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.plan

    @property
    def name(self) -> str:
        """What the files call it."""
        return self.plan.account

    def end(self, course: Course, code: Exit, error: str = "") -> None:
        """It has come to an end."""
        self.course, self.code, self.error = course, code, error

    @property
    def part(self) -> Part:
        """What became of it."""
        reports = self.here.reporting.reports
        return Part(self.first, self.course, together(reports) if reports else None, self.error)


@dataclass(frozen=True, slots=True)
class Several:
    """One run of the command for several accounts."""

    session: Session

    def apply_files(self, parts: Sequence[Desired], ask: Ask) -> Exit:
        """Plans for all accounts and applies; then plans again until nothing is left to do for any."""
        if self.session.applied:
            say_which("--applied is a file for one account", [part.part_of for part in parts])
        calls = [Calls(reads(part), tuple(likely_for(part))) for part in parts]
        with self._opened(parts, ask, calls) as found:
            retry = self.session.retry_undone
            members = [Member(here, self.session.planned(here, retry=retry, first=True)) for here in found]
            refused = self._refused(members)
            if refused is None and self._waited(members):
                for member in members:
                    member.plan = member.first = self.session.planned(member.here, retry=retry)
                refused = self._refused(members)
            return self._through(members, saved=False) if refused is None else self._told(members, refused)

    def apply_saved(self, plans: Sequence[Plan], desired: Desired, ask: Ask) -> Exit:
        """Applies the plans of a file, all of which must still fit before the first is begun."""
        session = self.session
        if session.applied:
            say_which("--applied is a file for one account", [plan.account for plan in plans])
        parts_of(desired, [plan.account for plan in plans if plan.account not in desired.server.accounts])
        parts = [desired.of(plan.account) for plan in plans]
        calls = [Calls(tuple(methods_for(plan.operations))) for plan in plans]
        with self._opened(parts, ask, calls) as found:
            members = [Member(here, plan) for here, plan in zip(found, plans, strict=True)]
            for member in members:
                refuse_other(member.plan, member.here.connection)
            if self._stale(members):
                return self._told(members, Exit.STALE)
            refused = self._refused(members)
            return self._through(members, saved=True) if refused is None else self._told(members, refused)

    # -- before ----------------------------------------------------------------------------------------

    @contextmanager
    def _opened(
        self, parts: Sequence[Desired], ask: Ask, calls: Iterable[Calls]
    ) -> Iterator[tuple[Here, ...]]:
        """Connects every account, and holds the server for all of them; earlier runs are seen to first."""
        session = self.session
        state = state_in(session.state_dir)
        with ExitStack() as stack:
            place = stack.enter_context(open_place(parts[0], ask))
            opened = [
                (part, stack.enter_context(connect(part, ask, asked, place)))
                for part, asked in zip(parts, calls, strict=True)
            ]
            refuse_twins((part.part_of, connection) for part, connection in opened)
            hold = stack.enter_context(only_run(state, place.server, now))
            watching = stack.enter_context(progress(session.quiet))
            lead, beside = next((one for one in opened if one[1].admin), opened[0]), None
            found: dict[str, Here] = {}
            for part, connection in (lead, *(one for one in opened if one is not lead)):
                tools = session.tools(connection, part, state, watching, hold, beside=beside)
                beside = beside or tools
                found[part.part_of] = Here(part, connection, tools, Reporting(session.view, watching))
                after_earlier_runs(tools)
            yield tuple(found[part.part_of] for part in parts)

    def _stale(self, members: Iterable[Member]) -> bool:
        """Whether a saved plan of any account doesn't fit any more; its report then says what has moved."""
        found = False
        for member in members:
            here, session = member.here, self.session
            if member.plan.changes and (unfit := session.stale(member.plan, here)):
                session.view.heading(member.plan)
                here.reporting.add(unfit, member.plan)
                member.end(Course.STOPPED, Exit.STALE, "the saved plan no longer fits the server")
                found = True
        return found

    def _refused(self, members: Sequence[Member]) -> Exit | None:
        """Shows the plans. Why none of them is applied, as an exit code; None where all of them may be."""
        session, plans = self.session, [member.plan for member in members]
        members[0].here.reporting.watching.rest()
        session.view.plans(plans, needed=any(map(session.must_be_seen, plans)))
        if session.approval and not approved(found := digest_of_all(plans), session.approval):
            self._say(
                f"nothing was written: {session.approval} was approved, and these plans have the digest "
                f"{short(found)}. Look at them and approve them anew"
            )
            return Exit.STALE
        for member in members:
            if why := refusal(member.plan, allow_missing=session.allow_missing):
                member.end(Course.STOPPED, why.code, f"nothing was written, {why.why}")
                self._say(f"{member.name}: {member.error}")
        codes = [member.code for member in members if member.course is Course.STOPPED]
        return worst(codes) if codes else None

    def _waited(self, members: Iterable[Member]) -> bool:
        """Waits until writing may begin; whether so much may have moved that all is planned anew."""
        session = self.session
        changed = [member for member in members if member.plan.changes]
        found = [session.waited(one.plan, one.here) for one in changed]
        return any(found)

    # -- one after the other ---------------------------------------------------------------------------

    def _through(self, members: Sequence[Member], *, saved: bool) -> Exit:
        """Asks once for all, and applies pass by pass; what became of each is told however it ends."""
        session = self.session
        changed = [member for member in members if member.plan.changes]
        for member in changed:
            session.allowed(member.plan, member.here)
        if changed:
            for member in changed:
                say_without_window(member.plan, member.here.tools, member.here.connection)
            members[0].here.reporting.watching.rest()
            what = "these plans" if len(changed) > 1 else f"the plan for {changed[0].name}"
            asked = session.confirm(what)
            changed[0].fits = saved and not asked
        code = Exit.INTERRUPTED
        try:
            code = self._passes(members, saved=saved)
        finally:
            self._told(members, code)
        return code

    def _passes(self, members: Sequence[Member], *, saved: bool) -> Exit:
        turn: Sequence[Member] = members
        for passed in range(PASSES + 1):
            for member in members:
                member.wrote = False
            if not self._one_by_one(turn, saved=saved):
                break
            turn = [] if saved else [one for one in members if _may_change(one, members)]
            for member in turn:
                member.plan = self.session.planned(member.here, retry=False)
            turn = [member for member in turn if member.plan.changes or refusal_of(member, self.session)]
            if not turn or not self._goes_on(turn, last=passed == PASSES - 1):
                break
        return worst(member.code for member in members)

    def _goes_on(self, turn: Sequence[Member], *, last: bool) -> bool:
        """Whether what has been found after a pass may be written, too."""
        session, going_on = self.session, True
        for member in turn:
            session.view.again(member.plan, needed=session.must_be_seen(member.plan))
            why = ""
            if found := refusal_of(member, session):
                why = f"nothing more was written, {found}"
            elif last:
                why = STILL_MORE
            elif session.approval:
                why = NOT_APPROVED
            if why:
                member.here.reporting.break_off(why)
                going_on = False
            member.end(Course.PARTLY, Exit.PARTIAL, why or "nobody has agreed to what came up after it")
        if going_on:
            session.confirm("this, too", "nothing more was written")
        return going_on

    def _one_by_one(self, turn: Sequence[Member], *, saved: bool) -> bool:
        """Applies the plans of one pass; whether to go on, which a failure while writing forbids."""
        for member in turn:
            self._one(member, saved=saved)
            if member.course in (Course.FAILED, Course.STOPPED):
                return False
        return True

    def _one(self, member: Member, *, saved: bool) -> None:
        here, session = member.here, self.session
        if not member.plan.changes:
            undone = bool(member.plan.undone)
            member.end(Course.NOTHING, Exit.PARTIAL if undone else Exit.DONE)
            return
        session.view.heading(member.plan)
        try:
            report = session.agreed().apply(member.plan, here, saved=saved, fits=member.fits)
        except SystemExit as ended:
            member.end(Course.FAILED, Exit(int(ended.code or 1)), "see above")
            return
        except (KeyboardInterrupt, click.Abort):
            member.end(Course.STOPPED, Exit.INTERRUPTED, "interrupted")
            return
        except Exception as error:
            words = words_of(error)
            if not words:
                member.end(Course.FAILED, Exit.ERROR, f"{type(error).__name__}")
                raise
            member.end(Course.FAILED, Exit.ERROR, words)
            self._say(f"{member.name}: {words}")
            return
        if not saved:
            session.keep(here, member.plan, report.outcome)
        elif report.outcome is Outcome.DONE:
            session.keep_applied(here, member.plan)
        member.wrote = report.outcome is Outcome.DONE
        member.end(*_course_of(report))

    # -- telling ---------------------------------------------------------------------------------------

    def _told(self, members: Sequence[Member], code: Exit) -> Exit:
        """What became of each account; where none was begun, the plans or the errors above have said it."""
        begun = any(member.here.reporting.reports or member.course is Course.FAILED for member in members)
        if begun or self.session.view.form == "json":
            self.session.view.parts([member.part for member in members])
        return code

    def _say(self, text: str) -> None:
        heard(lambda: click.echo(f"error: {text}", err=True), err=True)


def worst(codes: Iterable[Exit]) -> Exit:
    """What several accounts come to."""
    return min(codes, key=WORST.index, default=Exit.DONE)


def refusal_of(member: Member, session: Session) -> str:
    """Why a plan that was made after a pass may not be applied; empty where it may be."""
    found = refusal(member.plan, allow_missing=session.allow_missing)
    return found.why if found else ""


def _may_change(member: Member, members: Iterable[Member]) -> bool:
    """Whether what was just written may have given an account something more to do.

    Its own edits may let more of its rules match, as for a single account; and whatever another account has
    written may be asked for by its rules: photos and albums that are shared with it.
    """
    if member.code is not Exit.DONE:
        return False
    if member.wrote and member.plan.may_match_more:
        return True
    others = any(other.wrote for other in members if other is not member)
    return others and bool(member.here.desired.rules or member.here.desired.album_sets)


def _course_of(report: Report) -> tuple[Course, Exit, str]:
    """How an account's run has ended, and why where it keeps the next one from being begun."""
    code = EXITS[report.outcome]
    if report.outcome is Outcome.INTERRUPTED:
        return Course.STOPPED, code, report.error
    whole = all(item.fate is Fate.WRITTEN for item in report.operations)
    if report.outcome is Outcome.STALE or report.error or not whole:
        return Course.FAILED, code, report.error
    return (Course.DONE if code is Exit.DONE else Course.PARTLY), code, ""
