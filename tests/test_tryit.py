import pytest, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo
pytest_plugins = ["fixtures.stores"]
from rollcall.roll.place import Place
from rollcall.roll.output import Output
from rollcall.outputs.listing import Wanted
from rollcall.outputs.sources import source_of
NOW = datetime.now(UTC)

@pytest.mark.parametrize("kind", ["moto","seaweed","sftp","http","webdav"])
def test_it(kind, request):
    t=time.time()
    if kind in ("http","webdav"):
        server = request.getfixturevalue("nginx")[kind=="webdav"]
    else: server = request.getfixturevalue(kind)
    print(kind, "start", time.time()-t)
    day=NOW.strftime("%Y/%m/%d"); f=NOW.strftime("%F")
    server.put(f"{day}/db-{f}.sql.gz"); server.put(f"flat/db-{f}-one.gz", b""); server.put(f"flat/db-{f}-two.gz", b"x"*30)
    server.put("flat/zz"); server.put(f"tree/{f}/a", b"1234"); server.put(f"tree/{f}/b/c", b"1234")
    place = Place.model_validate({"url": server.url, "options": server.options, "timeout": "20 s"}, context={"id":"off","environment":{}, "is_replay": False})
    paths = [p for p in ["%Y/%m/%d/db-%F.sql.gz", "flat/db-%F*.gz", "tree/%F/", "*/%m/%d/db-*", "flat/zz", "flat/nope-%F", "%Y/nope/x"] if not (kind=="http" and p.endswith("/"))]
    by={}
    for p in paths:
        o = Output.model_validate({"path": p, "place": "off"}, context={"places":{"off":place},"environment":{}, "is_replay": False})
        by.setdefault(source_of(o), []).append(Wanted(key=(p,0), output=o, zone=ZoneInfo("UTC"), since=NOW-timedelta(days=1), read_since=NOW-timedelta(days=1)))
    for source, wanted in by.items():
        t=time.time()
        try:
            for key, l in source.look(wanted, now=NOW+timedelta(seconds=5), clock=lambda: datetime.now(UTC)).items():
                seen=l.read()
                print(kind, source.shown, key[0], seen.matches, [(x.name, x.size, x.modified_at.isoformat(), x.unreadable, x.grew, x.content and x.content.read_as) for x in seen.files])
        except Exception as e: print(kind, source.shown, type(e), e)
        print(round(time.time()-t,3))
    from rollcall.outputs.remote import store_of
    print(store_of(place)._spent)
