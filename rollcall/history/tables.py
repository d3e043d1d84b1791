"""Which tables is the history, and which statements write and read them?

All of its SQL stands here, in words that PostgreSQL understands as well. A `:name` in it is a field of a record of
`rollcall.history.rows`, as its adapter below writes it, and what is read is named by those fields again.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from rollcall.history.rows import Listed, PastMorning, Present, ProofRow, Row, Silence, Told

VERSION = 4

RUN = TypeAdapter(Row)
MORNING = TypeAdapter(PastMorning)
PRESENT = TypeAdapter(Present)
TOLD = TypeAdapter(Told)
LISTED = TypeAdapter(Listed)
PROOF = TypeAdapter(ProofRow)
SILENCE = TypeAdapter(Silence)

# The verdict belongs to a due run of a job; size, rows and time to each output that the run left.
TABLES = """
CREATE TABLE runs (
    job TEXT NOT NULL, due BIGINT NOT NULL, verdict TEXT NOT NULL, cause TEXT, needs BOOLEAN NOT NULL, ran BIGINT,
    took BIGINT, judged BIGINT NOT NULL, action TEXT, from_files BOOLEAN NOT NULL, PRIMARY KEY (job, due)
);
CREATE TABLE outputs (
    job TEXT NOT NULL, due BIGINT NOT NULL, output TEXT NOT NULL, size BIGINT, rows BIGINT, made BIGINT NOT NULL,
    PRIMARY KEY (job, due, output)
);
CREATE TABLE mornings (
    judged BIGINT NOT NULL, made_by TEXT NOT NULL, verdict TEXT NOT NULL, is_complete BOOLEAN NOT NULL,
    declared BIGINT NOT NULL, needing BIGINT NOT NULL, PRIMARY KEY (judged, made_by)
);
CREATE TABLE present (job TEXT NOT NULL PRIMARY KEY, judged BIGINT NOT NULL);
CREATE TABLE told (
    channel TEXT NOT NULL, subject TEXT NOT NULL, cause TEXT NOT NULL, since BIGINT NOT NULL, told BIGINT NOT NULL,
    PRIMARY KEY (subject, channel)
);
CREATE TABLE listed (
    scheduler TEXT NOT NULL, job TEXT NOT NULL, title TEXT NOT NULL, schedule TEXT NOT NULL, zone TEXT,
    tags TEXT NOT NULL, PRIMARY KEY (scheduler, job)
);
CREATE TABLE proofs (
    job TEXT NOT NULL, output TEXT NOT NULL, file TEXT NOT NULL, proven BIGINT NOT NULL, outcome TEXT NOT NULL,
    how TEXT NOT NULL, says TEXT NOT NULL, made_by TEXT NOT NULL, PRIMARY KEY (job, output)
);
CREATE TABLE silences (
    subject TEXT NOT NULL, name TEXT NOT NULL, until BIGINT NOT NULL, reason TEXT NOT NULL, made_by TEXT NOT NULL,
    made BIGINT NOT NULL, PRIMARY KEY (subject, name)
)
"""
INDEX = "CREATE INDEX runs_by_due ON runs (due)"

# What is written ------------------------------------------------------------------------------------------------------

# Whatever order rows come in, the same one stays: what a morning judged before what files tell, what proves something
# before what does not, then what was judged later. What was done is remembered by whoever stays. Only a row that is
# dated after `latest`, by a clock that was wrong, gives way to any.
KEEP_RUN = """
INSERT INTO runs (job, due, verdict, cause, needs, ran, took, judged, action, from_files)
VALUES (:job, :due_at, :verdict, :cause, :needs_a_person, :ran_at, :took, :judged_at, :action, :from_files)
ON CONFLICT (job, due) DO UPDATE SET
    verdict = excluded.verdict, cause = excluded.cause, needs = excluded.needs, ran = excluded.ran,
    took = excluded.took, judged = excluded.judged, action = coalesce(excluded.action, runs.action),
    from_files = excluded.from_files
WHERE runs.judged > :latest
   OR (NOT excluded.from_files, excluded.verdict NOT IN ('unknown', 'pending'), excluded.judged)
   >= (NOT runs.from_files, runs.verdict NOT IN ('unknown', 'pending'), runs.judged)
"""
FORGET_OUTPUTS = "DELETE FROM outputs WHERE job = :job AND due = :due_at"
KEEP_OUTPUT = """
INSERT INTO outputs (job, due, output, size, rows, made) VALUES (:job, :due_at, :output, :size, :rows, :made_at)
ON CONFLICT (job, due, output) DO UPDATE SET size = excluded.size, rows = excluded.rows, made = excluded.made
"""
# Of two histories that know the same morning, one may have been carried away before that was whole.
KEEP_MORNING = """
INSERT INTO mornings (judged, made_by, verdict, is_complete, declared, needing)
VALUES (:judged_at, :by, :verdict, :complete, :declared, :needing)
ON CONFLICT (judged, made_by) DO UPDATE SET
    verdict = excluded.verdict, is_complete = excluded.is_complete, declared = excluded.declared,
    needing = excluded.needing
WHERE excluded.is_complete >= mornings.is_complete
"""
FORGET_MORNING = "DELETE FROM mornings WHERE judged = :judged_at AND made_by = :by"
FORGET_PRESENT = "DELETE FROM present"
KEEP_PRESENT = "INSERT INTO present (job, judged) VALUES (:job, :judged_at) ON CONFLICT (job) DO NOTHING"
FORGET_ALL_TOLD = "DELETE FROM told"
FORGET_TOLD = "DELETE FROM told WHERE channel = :channel AND subject = :key"
KEEP_TOLD = """
INSERT INTO told (channel, subject, cause, since, told) VALUES (:channel, :key, :cause, :since, :told_at)
ON CONFLICT (subject, channel) DO UPDATE SET cause = excluded.cause, since = excluded.since, told = excluded.told
"""
FORGET_LISTED = "DELETE FROM listed WHERE scheduler = :scheduler"
KEEP_LISTED = """
INSERT INTO listed (scheduler, job, title, schedule, zone, tags)
VALUES (:scheduler, :job, :title, :schedule, :zone, :tags) ON CONFLICT (scheduler, job) DO NOTHING
"""
# One that is dated after `latest`, by a clock that was wrong, gives way to any.
KEEP_PROOF = """
INSERT INTO proofs (job, output, file, proven, outcome, how, says, made_by)
VALUES (:job, :output, :file, :proven_at, :outcome, :how, :says, :by)
ON CONFLICT (job, output) DO UPDATE SET
    file = excluded.file, proven = excluded.proven, outcome = excluded.outcome, how = excluded.how,
    says = excluded.says, made_by = excluded.made_by
WHERE proofs.proven > :latest OR excluded.proven >= proofs.proven
"""
# Of two that somebody made, the later one.
KEEP_SILENCE = """
INSERT INTO silences (subject, name, until, reason, made_by, made)
VALUES (:subject, :name, :until, :reason, :by, :made_at)
ON CONFLICT (subject, name) DO UPDATE SET
    until = excluded.until, reason = excluded.reason, made_by = excluded.made_by, made = excluded.made
WHERE excluded.made >= silences.made
"""
END_SILENCE = "DELETE FROM silences WHERE subject = :subject AND name = :name"
# What was due, or judged, longer ago than is kept.
FORGET = (
    "DELETE FROM outputs WHERE (job, due) IN (SELECT job, due FROM runs WHERE due < :horizon)",
    "DELETE FROM runs WHERE due < :horizon",
    "DELETE FROM mornings WHERE judged < :horizon",
    "DELETE FROM proofs WHERE proven < :horizon",
    "DELETE FROM silences WHERE until < :horizon",
)

# What is read ---------------------------------------------------------------------------------------------------------

# What a line of a run holds, in its order.
RUN_FIELDS = (
    "job", "due_at", "verdict", "cause", "needs_a_person", "ran_at", "took", "judged_at", "action", "from_files",
    "output", "size", "rows", "made_at",
)  # fmt: skip
# A line for each output of a run; one for a run without any, in which `output` is NULL.
_RUN = """
SELECT job, due AS due_at, verdict, cause, needs AS needs_a_person, ran AS ran_at, took, judged AS judged_at, action,
    from_files, output, size, rows, made AS made_at
"""
NEWEST_RUNS = f"""{_RUN}
FROM (SELECT * FROM runs WHERE job = :job AND judged < :now ORDER BY due DESC LIMIT :most) AS newest
LEFT JOIN outputs USING (job, due) ORDER BY due, output
"""
_RUNS = f"{_RUN} FROM runs LEFT JOIN outputs USING (job, due) WHERE due >= :since"
RUNS_SINCE = f"{_RUNS} ORDER BY due, job, output"
RUNS_BETWEEN = f"{_RUNS} AND due < :until ORDER BY due, job, output"
FIRST_DUE = "SELECT min(due) AS due FROM runs WHERE due >= :since"
# What is good is a measure for what comes after; what was bad is known, so that its files are none.
_REMEMBERED = "FROM runs WHERE job = :job AND judged < :now AND due < :now AND due >= :since"
GOOD_RUNS = f"""SELECT due, cause, from_files, took, output, size, rows FROM (
    SELECT * {_REMEMBERED} AND verdict IN ('ok', 'late') AND NOT needs ORDER BY due DESC LIMIT :most
) AS newest LEFT JOIN outputs USING (job, due) ORDER BY due DESC, output
"""
BAD_RUNS = f"SELECT due {_REMEMBERED} AND needs ORDER BY due DESC LIMIT :most"
_MORNING = (
    "SELECT judged AS judged_at, made_by AS by, verdict, is_complete AS complete, declared, needing FROM mornings"
)
NEWEST_MORNINGS = f"{_MORNING} WHERE judged < :now ORDER BY judged DESC, made_by DESC LIMIT :most"
MORNINGS_SINCE = f"{_MORNING} WHERE judged >= :since ORDER BY judged, made_by"
ALL_PRESENT = "SELECT job, judged AS judged_at FROM present ORDER BY job"
ALL_TOLD = "SELECT channel, subject AS key, cause, since, told AS told_at FROM told ORDER BY channel, subject"
ALL_LISTED = "SELECT scheduler, job, title, schedule, zone, tags FROM listed ORDER BY scheduler, job"
ALL_PROOFS = """
SELECT job, output, file, proven AS proven_at, outcome, how, says, made_by AS by FROM proofs ORDER BY job, output
"""
_SILENCE = "SELECT subject, name, until, reason, made_by AS by, made AS made_at FROM silences"
SILENCES_AT = f"{_SILENCE} WHERE until > :now ORDER BY subject, name"
ALL_SILENCES = f"{_SILENCE} ORDER BY subject, name"
# A file that one of these cannot be asked of lacks a table, or a column of it.
ALL = (RUNS_SINCE, MORNINGS_SINCE, ALL_PRESENT, ALL_TOLD, ALL_LISTED, ALL_PROOFS, ALL_SILENCES)

# What lies after `latest` is no time, but a broken number.
LAST_MORNING = "SELECT max(judged) AS judged FROM mornings WHERE judged BETWEEN 0 AND :latest"
LAST_PRESENT = "SELECT max(judged) AS judged FROM present WHERE judged BETWEEN 0 AND :latest"
