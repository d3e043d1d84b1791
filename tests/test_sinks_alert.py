"""Does news reach people over real sockets, whatever they answer, and is it remembered only once somebody took it?"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from fixtures.hostile_service import BUSY, Script, closed_port, hostile_service, reply
from fixtures.house import HOSTILE, NOW, ZURICH, House
from fixtures.listener import Listener, listener
from fixtures.lived_in import lived_in
from fixtures.post_office import post_office
from rollcall.causes.action import Action, Deed
from rollcall.history.reading import read_told
from rollcall.history.rows import NOTHING, Whole
from rollcall.history.writing import merge
from rollcall.morning import Morning
from rollcall.roll.roll import Roll
from rollcall.roll.telling import AlertTable
from rollcall.sinks.alert import tell as alert
from rollcall.sinks.alert.channels import carry, channels_of
from rollcall.sinks.alert.message import Message, write_message, write_test
from rollcall.sinks.alert.news import Event, News
from rollcall.sinks.alert.trouble import Concern

TOKEN = "t0ken-that-nobody-may-read"
SOON = timedelta(seconds=1)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Two jobs, of which one missed its run."""
    house = House(tmp_path)
    links = 'runbook = "https://wiki.example.com/{job}"\nlogs = "https://logs.example.com/?at={due}"'
    house.add("haiku", "Haiku generation", extra=f'owner = "poetry"\nseverity = "low"\n{links}')
    house.add("sync")
    house.says("haiku", last_execution="2026-02-10T05:00:17")
    return house


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def hook() -> Iterator[Listener]:
    with listener() as living:
        yield living


def to(url: str = "", apprise: tuple[str, ...] = (), **words: Any) -> AlertTable:
    webhook = {"webhook": url.replace(TOKEN, "${HOOK}")} if url else {}
    known = {"environment": {"HOOK": TOKEN}, "is_replay": False}
    told_to = AlertTable.model_validate({"apprise": apprise, **webhook}, context=known)
    return told_to.model_copy(update={"timeout": SOON} | words)


def tell(house: House, told_to: AlertTable, file: Path | None = None, **words: Any) -> tuple[str, ...]:
    roll = replace(house.roll(), alert=told_to)
    return alert.tell(
        roll, words.pop("morning", None) or house.morning(), NOTHING, store=file, is_complete=True, **words
    )


def remembered(file: Path) -> dict[str, dict[str, str]]:
    """The cause of each key that each kind of channel took last."""
    told = read_told(file).items()
    return {channel.partition(" ")[0]: {key: each.cause for key, each in memory.items()} for channel, memory in told}


# What is said ---------------------------------------------------------------------------------------------------------


def test_the_webhook_is_sent_json_of_version_1(house: House, hook: Listener) -> None:
    problems = tell(house, to(f"{hook.url}/hook/{TOKEN}", headers={"X-Token": TOKEN}), page=Path("/srv/morning.html"))
    (heard,) = hook.heard
    said = heard.says

    assert problems == ()
    assert (heard.method, heard.path) == ("POST", f"/hook/{TOKEN}")
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["x-token"] == TOKEN
    assert {key: said[key] for key in ("version", "event", "cause", "scheduler", "since", "judged_at", "page")} == {
        "version": 1,
        "event": "new",
        "cause": "missed-run",
        "scheduler": None,
        "since": "2026-02-11T06:00:00+01:00",
        "judged_at": "2026-02-11T07:02:00+01:00",
        "page": "/srv/morning.html",
    }
    assert (said["keys"], said["replaces"]) == (["job haiku"], [])
    assert said["jobs_file"] == str(house.folder / "jobs.toml")
    assert said["jobs"] == [
        {
            "id": "haiku",
            "title": "Haiku generation",
            "sentence": said["sentence"],
            "next_step": said["next_step"],
            "since": said["since"],
            "owner": "poetry",
            "severity": "low",
            "runbook": "https://wiki.example.com/haiku",
            "logs": "https://logs.example.com/?at=2026-02-11T05%3A00%3A00Z",
        }
    ]
    assert said["sentence"].startswith("Due Wed 11 Feb 06:00 CET, allowed until 06:15")
    assert "curl -X POST http://localhost:8000/trigger/haiku" in said["next_step"]
    assert said["title"] == "Roll call: new: missed-run [haiku]"
    assert said["text"].splitlines() == [
        f"haiku: {said['sentence']}",
        f"do: {said['next_step']}",
        "owner: poetry",
        "runbook: https://wiki.example.com/haiku",
        "logs: https://logs.example.com/?at=2026-02-11T05%3A00%3A00Z",
        "",
        "since Wed 11 Feb 06:00 CET; judged Wed 11 Feb 2026 07:02 CET",
        f"jobs file: {house.folder / 'jobs.toml'}",
        "page: /srv/morning.html",
    ]
    assert said["actions"] == []


def test_a_broken_scheduler_is_one_message_with_its_jobs(house: House, hook: Listener) -> None:
    house.falls_silent()
    tried = Action(deed=Deed.START, subject="aime", at=NOW, is_proven=False, proof="it still does not run")
    tell(house, to(hook.url), morning=replace(house.morning(), actions=(tried,)))
    (said,) = [each.says for each in hook.heard]

    assert (said["cause"], said["scheduler"]) == ("scheduler-down", "aime")
    assert [each["id"] for each in said["jobs"]] == ["haiku", "sync"]
    assert said["title"] == "Roll call: new: scheduler-down [aime, 2 jobs]"
    assert "it explains: haiku and sync" in said["text"]
    assert "it still does not run" in said["text"]
    assert len(said["actions"]) == 1


STARTED = Action(deed=Deed.START, subject="aime", at=NOW, is_proven=True, proof="running, 2 jobs")
RERAN = Action(deed=Deed.RERUN, subject="haiku", at=NOW, is_proven=True, proof="its work is there", due_at=NOW)


def test_what_roll_call_started_is_told_though_all_is_well(house: House, hook: Listener, tmp_path: Path) -> None:
    """Else a scheduler that dies every hour, and is started every hour, is seen by nobody."""
    house.says("haiku", last_execution="2026-02-11T05:00:17")
    for _ in range(2):
        started = replace(house.morning(), actions=(STARTED,))
        tell(house, to(hook.url), tmp_path / "history.sqlite3", morning=started)
    tell(house, to(hook.url), tmp_path / "history.sqlite3")
    said = hook.heard[0].says

    assert [each.says["event"] for each in hook.heard] == ["fixed", "fixed"]
    assert (said["cause"], said["scheduler"], said["keys"]) == ("scheduler-stopped", "aime", ["scheduler aime"])
    assert said["title"] == "Roll call: fixed: scheduler-stopped [aime, 2 jobs]"
    assert said["sentence"] == "aime was stopped, restarted 07:02 CET, verified: running, 2 jobs"
    assert said["actions"] == [said["sentence"]]
    assert [each["id"] for each in said["jobs"]] == ["haiku", "sync"]
    assert said["text"].splitlines() == [
        said["sentence"],
        f"do: {said['next_step']}",
        "jobs: haiku and sync",
        "",
        "since Wed 11 Feb 07:02 CET; judged Wed 11 Feb 2026 07:02 CET",
        f"jobs file: {house.folder / 'jobs.toml'}",
    ]


def test_what_was_made_up_for_is_told_once_and_that_it_stays_late(house: House, hook: Listener, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    tell(house, to(hook.url), file)
    house.says("haiku", last_execution="2026-02-11T06:01:17")
    tell(house, to(hook.url), file, morning=replace(house.morning(), actions=(RERAN,)))
    tell(house, to(hook.url), file)
    told = [each.says for each in hook.heard]

    assert [(each["event"], each["cause"]) for each in told] == [("new", "missed-run"), ("fixed", "missed-run")]
    assert remembered(file) == {"webhook": {"job haiku": "ran-late"}}
    assert told[1]["title"] == "Roll call: fixed: missed-run [haiku]"
    assert told[1]["jobs"][0]["sentence"] in told[1]["text"].splitlines()[3]
    assert told[1]["text"].splitlines()[3].startswith("late until its next good run: Due Wed 11 Feb 06:00 CET")


def test_that_another_cause_is_it_now_is_one_message(house: House, hook: Listener, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    tell(house, to(hook.url), file)
    house.says("haiku", last_execution="2026-02-11T06:01:17")
    tell(house, to(hook.url), file)
    house.says("haiku", last_execution="2026-02-11T05:00:17")
    tell(house, to(hook.url), file)
    told = [each.says for each in hook.heard]

    assert [(each["event"], each["cause"], each["replaces"]) for each in told] == [
        ("new", "missed-run", []),
        ("new", "ran-late", ["missed-run"]),
        ("recovered", "ran-late", []),
    ]
    assert [each["keys"] for each in told] == [["job haiku"]] * 3
    assert "until now: missed-run" in told[1]["text"].splitlines()


@pytest.mark.parametrize(("event", "tone"), [("new", "failure"), ("fixed", "warning"), ("recovered", "success")])
def test_a_desktop_shows_how_bad_it_is(house: House, hook: Listener, event: str, tone: str) -> None:
    news = News(event=Event(event), cause="missed-run", scheduler="aime", sentence="…", since=NOW)
    message = write_message(news, house.morning(), jobs_file=Path("jobs.toml"), page=None)
    desktop = AlertTable(apprise=(f"json://{hook.url.removeprefix('http://')}",))
    carry([(each, [message]) for each in channels_of(desktop)], limit=timedelta(seconds=BUSY))

    assert [each.says["type"] for each in hook.heard] == [tone]


def test_many_jobs_of_one_cause_are_one_short_message(house: House, hook: Listener) -> None:
    for number in range(40):
        house.add(f"job{number:02}")
        house.says(f"job{number:02}", last_execution="2026-02-10T05:00:17")
    tell(house, to(hook.url))
    (said,) = [each.says for each in hook.heard]

    assert said["title"] == "Roll call: new: missed-run [haiku and 40 more]"
    assert len(said["jobs"]) == 41
    assert "the same of 36 more jobs: job04, job05" in said["text"]
    assert len(said["text"].splitlines()) < 25


def hostile_message(house: House) -> Message:
    text = f"evil\r\nBcc: everybody@example.org\r\n\r\n\u202e\x1b[31m{HOSTILE}"
    concern = Concern(id=text, title=text, sentence=text, next_step=text)
    news = News(event=Event.NEW, cause="missed-run", sentence=text, next_step=text, jobs=(concern,), since=NOW)
    evil = Path("/srv/evil\nBcc: x@example.org")
    remembered = replace(news, cause=text, keys=(text,), replaces=(text,))
    return write_message(remembered, house.morning(), jobs_file=evil, page=evil)


@pytest.mark.parametrize("kind", ["text", "html", "markdown"])
def test_a_hostile_name_adds_no_header_and_no_markup(house: House, kind: str) -> None:
    with post_office() as office:
        (channel,) = channels_of(AlertTable(apprise=(f"{office.url()}&format={kind}",)))
        (carried,) = carry([(channel, [hostile_message(house)])], limit=timedelta(seconds=BUSY))
        (mail,) = office.mails

    assert carried.problem is None
    assert office.sent_to == ["ops@example.org"]
    assert "Bcc" not in mail
    assert "\n" not in mail["Subject"]
    assert not any(
        "<script" in str(part.get_payload(decode=True)) for part in mail.walk() if "html" in part["Content-Type"]
    )
    assert not any("\x1b" in str(part) or "\u202e" in str(part) for part in mail.walk())


def test_no_line_of_the_json_is_more_than_one(house: House) -> None:
    message = hostile_message(house)

    assert "\n" not in message.title
    assert not any(line.startswith("Bcc") for line in message.text.splitlines())
    assert "\x1b" not in message.text + message.json.decode()


def test_a_mail_says_it_too(house: House) -> None:
    with post_office() as office:
        problems = tell(house, to(apprise=(office.url(),), timeout=timedelta(seconds=BUSY)))
        (mail,) = office.mails

    assert problems == ()
    assert mail["Subject"] == "Roll call: new: missed-run [haiku]"
    assert "do: Run it now" in str(mail.get_payload(decode=True))


# What is remembered ---------------------------------------------------------------------------------------------------


def test_what_was_taken_is_told_once_and_then_recovers(house: House, hook: Listener, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    tell(house, to(hook.url), file)
    tell(house, to(hook.url), file)
    house.says("haiku", last_execution="2026-02-11T05:00:17")
    tell(house, to(hook.url), file)
    tell(house, to(hook.url), file)

    assert [each.says["event"] for each in hook.heard] == ["new", "recovered"]
    assert remembered(file) == {}


def test_what_nobody_took_is_told_the_next_time(house: House, hook: Listener, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    hook.statuses = [503, 200]
    first, second = tell(house, to(hook.url), file), tell(house, to(hook.url), file)

    assert first == (f"alert: webhook {hook.url}/… did not take 1 message: answers 503 Service Unavailable",)
    assert second == ()
    assert [each.says["event"] for each in hook.heard] == ["new", "new"]
    assert remembered(file) == {"webhook": {"job haiku": "missed-run"}}


def test_one_channel_that_fails_holds_up_no_other(house: House, hook: Listener, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    with closed_port() as url:
        apprise = f"json://{url.removeprefix('http://')}/{TOKEN}"
        problems = tell(house, to(hook.url, apprise=(apprise,), timeout=timedelta(seconds=BUSY)), file)

    assert [each.partition(":")[0] for each in problems] == ["alert"]
    assert "apprise (json) did not take 1 message" in problems[0]
    assert TOKEN not in problems[0]
    assert remembered(file) == {"webhook": {"job haiku": "missed-run"}}


# Each channel by itself -----------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Two:
    """A webhook and a chat, and a house that changes between the looks."""

    house: House
    hook: Listener
    chat: Listener
    file: Path
    days: int = 0

    def look(self, *deaf: Listener, to_whom: str = "both", **words: Any) -> None:
        """One look; the `deaf` take nothing of it. The day after the last one, where `still_after` is given."""
        for each in (self.hook, self.chat):
            each.statuses = [503 if each in deaf else 200]
        chat = (f"json://{self.chat.url.removeprefix('http://')}/{TOKEN}",) if to_whom != "webhook" else ()
        actions = words.pop("actions", ())
        if "still_after" in words:
            self.days += 1
        morning = replace(self.house.morning(), actions=actions, judged_at=NOW + timedelta(days=self.days))
        is_complete = words.pop("is_complete", True)
        url = f"{self.hook.url}/{TOKEN}" if to_whom != "chat" else ""
        told_to = to(url, apprise=chat, timeout=timedelta(seconds=BUSY), **words)
        alert.tell(
            replace(self.house.roll(), alert=told_to), morning, NOTHING, store=self.file, is_complete=is_complete
        )

    def is_well(self) -> None:
        self.house.says("haiku", last_execution="2026-02-11T05:00:17")

    def is_late(self) -> None:
        self.house.says("haiku", last_execution="2026-02-11T06:01:17")

    @property
    def heard(self) -> tuple[list[str], list[str]]:
        """What was sent to the webhook and to the chat, taken or not, since that was asked last."""
        found = tuple(
            [f"{said['title']}".removeprefix("Roll call: ").partition(" [")[0] for said in (h.says for h in each.heard)]
            for each in (self.hook, self.chat)
        )
        self.hook.heard, self.chat.heard = [], []
        return found[0], found[1]


@pytest.fixture
def two(house: House, hook: Listener, tmp_path: Path) -> Iterator[Two]:
    """The house, and who hears of it."""
    with listener() as chat:
        yield Two(house=house, hook=hook, chat=chat, file=tmp_path / "history.sqlite3")


NEW, OVER, LATE = "new: missed-run", "recovered: missed-run", "new: ran-late"


def test_who_was_down_hears_it_at_the_next_look_and_the_others_hear_nothing_twice(two: Two) -> None:
    two.look(two.hook)
    assert two.heard == ([NEW], [NEW])
    two.look()
    assert two.heard == ([NEW], [])
    two.look()
    assert two.heard == ([], [])
    two.is_well()
    two.look()
    assert two.heard == ([OVER], [OVER])
    two.look()
    assert two.heard == ([], [])
    assert remembered(two.file) == {}


def test_who_never_heard_of_it_does_not_hear_that_it_is_over(two: Two) -> None:
    two.look(two.hook)
    two.is_well()
    two.look()

    assert two.heard == ([NEW], [NEW, OVER])


def test_who_was_down_when_it_was_over_hears_that_at_the_next_look(two: Two) -> None:
    two.look()
    two.is_well()
    two.look(two.chat)
    assert two.heard == ([NEW, OVER], [NEW, OVER])
    assert remembered(two.file) == {"json": {"job haiku": "missed-run"}}
    two.look()
    assert two.heard == ([], [OVER])


def test_who_missed_a_change_of_cause_hears_it_replaces_what_it_had_heard(two: Two) -> None:
    two.look()
    two.is_late()
    two.look(two.hook)
    two.look()
    (*_, said) = [each.says for each in two.hook.heard]

    assert (said["cause"], said["replaces"]) == ("ran-late", ["missed-run"])
    assert two.heard == ([NEW, LATE, LATE], [NEW, LATE])


def test_who_heard_it_later_is_reminded_later(two: Two) -> None:
    still_after = timedelta(days=1)
    two.look(two.hook, still_after=still_after)
    two.look(still_after=still_after)
    assert two.heard == ([NEW, NEW], [NEW, "still: missed-run"])
    two.look(still_after=still_after)
    assert two.heard == (["still: missed-run"], ["still: missed-run"])


# what was wrong | what was done about it | who heard of the trouble before | what the deaf webhook hears afterwards
FIXED = [
    ("scheduler-stopped", STARTED, True, ["recovered: scheduler-stopped"]),
    ("scheduler-stopped", STARTED, False, []),
    ("missed-run", RERAN, True, [LATE]),
    ("missed-run", RERAN, False, [LATE]),
]


@pytest.mark.parametrize(("cause", "action", "was_told", "expected"), FIXED)
def test_who_missed_that_it_was_fixed_hears_what_is_left_of_it(
    two: Two, cause: str, action: Action, expected: list[str], *, was_told: bool
) -> None:
    if action is STARTED:
        two.is_well()
        two.house.stops()
    two.look(*(() if was_told else (two.hook,)))
    two.house.scheduler = None
    two.is_well() if action is STARTED else two.is_late()
    two.look(two.hook, actions=(action,))
    assert two.heard == ([f"new: {cause}", f"fixed: {cause}"],) * 2
    two.look()
    assert two.heard == (expected, [])
    two.is_well()
    two.look()
    over = [] if action is STARTED else ["recovered: ran-late"]
    assert two.heard == (over, over)


def test_who_is_new_hears_what_is_wrong_now(two: Two) -> None:
    two.look(to_whom="webhook")
    two.look()

    assert two.heard == ([NEW], [NEW])


@pytest.mark.parametrize(("is_complete", "expected"), [(True, [NEW, NEW]), (False, [NEW])])
def test_what_a_channel_heard_is_forgotten_once_a_whole_morning_knows_it_no_more(
    two: Two, expected: list[str], *, is_complete: bool
) -> None:
    two.look()
    two.look(to_whom="chat", is_complete=is_complete)
    two.look()

    assert two.heard == (expected, [NEW])


def test_a_channel_is_remembered_by_its_address_which_does_not_show() -> None:
    urls = (f"json://chat.example.org/{TOKEN}", "json://chat.example.org/other", f"mailto://ops:{TOKEN}@example.org")
    told_to = AlertTable(webhook=f"https://hooks.example.org/{TOKEN}", apprise=(*urls, urls[0]))
    ids = [each.id for each in channels_of(told_to)]
    elsewhere = {"webhook": "https://hooks.example.org/elsewhere", "apprise": urls[::-1]}
    moved = channels_of(told_to.model_copy(update=elsewhere))

    assert [each.partition(" ")[0] for each in ids] == ["webhook", "json", "json", "mailto"]
    assert len(set(ids)) == len(ids)
    assert not any(TOKEN in each or "example" in each for each in ids)
    assert [each.id for each in moved[1:]] == ids[:0:-1]
    assert moved[0].id != ids[0]


# Where nothing is remembered ------------------------------------------------------------------------------------------


def test_without_a_history_everything_is_new(house: House, hook: Listener) -> None:
    tell(house, to(hook.url))
    tell(house, to(hook.url))

    assert [each.says["event"] for each in hook.heard] == ["new", "new"]


@pytest.mark.parametrize("staged", [{"demo": "a story"}, {"replay_of": NOW}])
def test_nobody_hears_of_a_demo_or_a_replay(house: House, hook: Listener, staged: dict[str, Any]) -> None:
    assert tell(house, to(hook.url), morning=replace(house.morning(), **staged)) == ()
    assert hook.heard == []


def test_a_history_that_cannot_be_written_is_a_note(house: House, hook: Listener, tmp_path: Path) -> None:
    (problem,) = tell(house, to(hook.url), tmp_path / "jobs.toml" / "history.sqlite3")

    assert "history.sqlite3" in problem
    assert len(hook.heard) == 1


def test_two_looks_at_once_tell_the_same_once(house: House, hook: Listener, tmp_path: Path) -> None:
    file, roll = tmp_path / "history.sqlite3", house.roll()
    morning, told_to = house.morning(), to(hook.url, timeout=timedelta(seconds=BUSY))
    merge(file, Whole())
    words: dict[str, Any] = {"store": file, "is_complete": True}
    with ThreadPoolExecutor(4) as looks:
        done = [looks.submit(alert.tell, replace(roll, alert=told_to), morning, NOTHING, **words) for _ in range(4)]

    assert [each.result() for each in done] == [()] * 4
    assert [each.says["event"] for each in hook.heard] == ["new"]
    assert remembered(file) == {"webhook": {"job haiku": "missed-run"}}


def test_a_look_that_never_ends_holds_up_no_alert_for_long(house: House, hook: Listener, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite3"
    with FileLock(tmp_path / alert.LOCK):
        problems = tell(house, to(hook.url), file)

    assert problems == ()
    assert len(hook.heard) == 1


# Who does not listen --------------------------------------------------------------------------------------------------

DRIP = Script(first=b"HTTP/1.1 200 OK\r\nX: ", again=b"x", every=0.05)
# script | what is said of it
UNWILLING = [
    (Script(first=reply(status="500 Oh no")), "answers 500 Oh no"),
    (Script(first=reply(status="403 Forbidden")), "answers 403 Forbidden"),
    (Script(first=reply(status="302 Found", headers="Location: http://127.0.0.1:9/\r\n")), "a redirect, which is not"),
    (Script(hangs=True), "no answer within"),
    (DRIP, "no answer within 1 s"),
    (Script(first=b"220 smtp.example.org ESMTP\r\n", speaks_first=True), ""),
    (Script(), ""),  # "disconnected" or "reset by peer", as it happens
    (Script(first=reply(status=f"500 {TOKEN}")), "answers 500 ${HOOK}"),
    (Script(first=reply(status="500 a\x1b[31mb")), "did not take 1 message"),
]


@pytest.mark.parametrize(("script", "said"), UNWILLING)
def test_a_channel_that_fails_is_one_line_in_bounded_time(house: House, script: Script, said: str) -> None:
    with hostile_service(script) as scheduler:
        (problem,) = tell(house, to(f"{scheduler.url}/{TOKEN}"))

    assert said in problem
    assert problem.isprintable()
    assert TOKEN not in problem


def test_a_body_without_an_end_is_not_waited_for(house: House) -> None:
    with hostile_service(Script(first=reply(length=10**9), again=b"x", every=0.01)) as scheduler:
        assert tell(house, to(scheduler.url)) == ()


def test_plain_http_where_tls_belongs(house: House, hook: Listener) -> None:
    (problem,) = tell(house, to(hook.url.replace("http:", "https:")))

    assert "SSL" in problem
    assert hook.heard == []


def test_a_redirect_is_followed_by_nobody(house: House, hook: Listener) -> None:
    with listener(statuses=[307], location=f"{hook.url}/elsewhere") as door:
        apprise = f"json://{door.url.removeprefix('http://')}/{TOKEN}"
        problems = tell(house, to(door.url, apprise=(apprise,), timeout=timedelta(seconds=BUSY)))

    assert len(problems) == 2
    assert hook.heard == []


# how the post office answers | which kind of url | is the mail taken
MAILS = [("250 OK", "mailto", True), ("550 no such user", "mailto", False), ("250 OK", "mailtos", False)]


@pytest.mark.parametrize(("answer", "kind", "is_taken"), MAILS)
def test_a_mail_that_is_refused_or_has_no_tls_is_one_line(house: House, answer: str, kind: str, is_taken: bool) -> None:
    with post_office(answer=answer) as office:
        problems = tell(house, to(apprise=(office.url(kind),), timeout=timedelta(seconds=BUSY)))

    assert len(problems) == (0 if is_taken else 1)
    assert len(office.mails) == is_taken
    assert "example" not in "".join(problems)
    assert all(each.startswith(f"alert: apprise ({kind}) did not take 1 message: ") for each in problems)


def test_channels_that_hang_cost_one_limit_together_and_hold_up_nobody(house: House, hook: Listener) -> None:
    with hostile_service(Script(hangs=True)) as silent, socket.create_server(("127.0.0.1", 0)) as smtp:
        port = smtp.getsockname()[1]
        mails = tuple(f"mailto://127.0.0.1:{port}/?from=a@example.org&to=b@example.org&n={n}" for n in range(3))
        hangs = f"json://{silent.url.removeprefix('http://')}"
        problems = tell(house, to(hook.url, apprise=(*mails, hangs)))

    assert len(problems) == 4
    assert len(hook.heard) == 1


def test_a_url_that_apprise_cannot_read_is_said_without_it(house: House) -> None:
    (problem,) = tell(house, to(apprise=(f"nonsense://{TOKEN}",), timeout=timedelta(seconds=BUSY)))

    assert problem.startswith("alert: apprise (nonsense) did not take 1 message: Apprise cannot read its url")
    assert TOKEN not in problem


def test_no_log_tells_a_secret(house: House, hook: Listener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with closed_port() as url:
        apprise = tuple(f"json://{each.removeprefix('http://')}/{TOKEN}" for each in (url, hook.url))
        tell(house, to(f"{hook.url}/{TOKEN}", apprise=apprise, timeout=timedelta(seconds=BUSY)))

    assert len(hook.heard) == 2
    assert caplog.records
    assert TOKEN not in caplog.text


def test_the_proxy_of_the_environment_is_used(house: House, hook: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", hook.url)
    problems = tell(house, to("http://hooks.example.org/roll-call"))

    assert problems == ()
    assert [each.path for each in hook.heard] == ["http://hooks.example.org/roll-call"]


def test_a_proxy_that_cannot_be_used_is_one_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "gopher://127.0.0.1:9")
    (problem,) = tell(house, to("http://hooks.example.org/roll-call"))

    assert "did not take 1 message" in problem


def test_the_test_message_says_that_nothing_is_wrong() -> None:
    message = write_test(NOW, ZURICH, jobs_file=Path("/srv/jobs.toml"))

    assert message.title == "Roll call: a test"
    assert "nothing is wrong" in message.text
    assert b'"event": "test"' in message.json


def test_nothing_is_imported_or_sent_where_nobody_is_to_hear(house: House) -> None:
    roll: Roll = house.roll()
    morning: Morning = house.morning()

    assert alert.tell(roll, morning, NOTHING, store=None, is_complete=True) == ()


def test_pytest_tells_what_it_fixed_and_its_status_stays(hook: Listener, tmp_path: Path) -> None:
    with lived_in(tmp_path) as lived:
        head, _ = (tmp_path / "jobs.toml").read_text().split("[schedulers.other]")
        until = datetime.now(UTC).date() + timedelta(days=30)
        pause = f"paused = {{ until = {until}, reason = 'only its scheduler is asked about' }}"
        later = f"[jobs.wake]\nscheduler = 'aime'\nschedule = '0 6 * * *'\n{pause}\n"
        (tmp_path / "jobs.toml").write_text(f"{head}[alert]\nwebhook = '{hook.url}'\n{later}")
        lived.scheduler.stop("aime")
        run = lived.run("--as-of=", "--restart-stopped")

    assert run.status == 0, run.text
    assert [(each.says["event"], each.says["cause"]) for each in hook.heard] == [("fixed", "scheduler-stopped")]
    assert hook.heard[0].says["page"] == str(tmp_path / "reports" / "morning.html")
