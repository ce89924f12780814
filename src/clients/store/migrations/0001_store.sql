-- Times are milliseconds since 1970 UTC, booleans 0 or 1, structures JSON text: the same on SQLite
-- and PostgreSQL.

CREATE TABLE sequence (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO sequence (name, value) VALUES ('job', 0), ('audit', 0);

CREATE TABLE repository (
    id           BIGINT PRIMARY KEY,
    owner        TEXT NOT NULL,
    name         TEXT NOT NULL,
    installation BIGINT NOT NULL,
    access       TEXT NOT NULL,      -- granted | lost
    seen_at      BIGINT NOT NULL
);
CREATE INDEX repository_by_installation ON repository (installation);

CREATE TABLE pull (
    repository BIGINT NOT NULL,
    number     BIGINT NOT NULL,
    state      TEXT NOT NULL,        -- open | closed | merged
    head       TEXT NOT NULL,
    base_ref   TEXT NOT NULL,
    author     TEXT NOT NULL,
    from_fork  BIGINT NOT NULL,
    merged_as  TEXT,
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (repository, number)
);
CREATE INDEX pull_by_head ON pull (repository, head);

CREATE TABLE delivery (
    guid        TEXT PRIMARY KEY,
    event       TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    state       TEXT NOT NULL,       -- received | processed | gave_up
    job_key     TEXT,
    generation  BIGINT NOT NULL,
    times_seen  BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    settled_at  BIGINT
);
CREATE INDEX delivery_by_job ON delivery (job_key, generation);

-- At most one running and one queued job per key; `fence` grows with every claim and is never reset.
CREATE TABLE job (
    id          BIGINT PRIMARY KEY,
    kind        TEXT NOT NULL,
    repository  BIGINT NOT NULL,
    subject     TEXT NOT NULL,
    job_key     TEXT NOT NULL,
    generation  BIGINT NOT NULL,
    state       TEXT NOT NULL,       -- queued | running | done | gave_up
    run_after   BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    fence       BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    trouble     TEXT,
    settled_at  BIGINT
);
CREATE UNIQUE INDEX job_one_running_per_key ON job (job_key) WHERE state = 'running';
CREATE UNIQUE INDEX job_one_queued_per_key ON job (job_key) WHERE state = 'queued';
CREATE INDEX job_due ON job (state, run_after);

CREATE TABLE run (
    id             TEXT PRIMARY KEY,
    repository     BIGINT NOT NULL,
    pull           BIGINT NOT NULL,
    evaluation_key TEXT NOT NULL,
    head           TEXT NOT NULL,
    base           TEXT NOT NULL,
    base_ref       TEXT NOT NULL,
    tree           TEXT,
    verdict        TEXT NOT NULL,    -- pass | fail | error
    result_digest  TEXT NOT NULL,
    touched        BIGINT NOT NULL,
    outputs        TEXT NOT NULL,    -- JSON: check run and comment, as composed
    report         TEXT NOT NULL,    -- JSON: drydock.report/1
    started_at     BIGINT NOT NULL,
    finished_at    BIGINT NOT NULL,
    valid_until    BIGINT
);
CREATE INDEX run_by_pull ON run (repository, pull, finished_at);

CREATE TABLE run_app (
    run         TEXT NOT NULL,
    app         TEXT NOT NULL,
    cluster     TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    base_digest TEXT,
    head_digest TEXT,
    deletions   TEXT NOT NULL,       -- JSON: what the preview showed as deleted, with uids
    PRIMARY KEY (run, app)
);

CREATE TABLE finding (
    run         TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    gate        TEXT NOT NULL,
    rule        TEXT NOT NULL,
    severity    TEXT NOT NULL,
    state       TEXT NOT NULL,
    blocks      BIGINT NOT NULL,
    app         TEXT,
    object      TEXT,
    path        TEXT,
    line        BIGINT,
    message     TEXT NOT NULL,
    PRIMARY KEY (run, seq)
);
CREATE INDEX finding_by_fingerprint ON finding (fingerprint);

-- One row per object outside (a check run, a comment, a deployment): what it should be, what was
-- last sent, and what it is called there.
CREATE TABLE effect (
    target        TEXT PRIMARY KEY,
    kind          TEXT NOT NULL,
    repository    BIGINT NOT NULL,
    reference     TEXT NOT NULL,
    intent        TEXT NOT NULL,
    intent_digest TEXT NOT NULL,
    sent_digest   TEXT,
    external_id   TEXT,
    attempts      BIGINT NOT NULL,
    fence         BIGINT NOT NULL,
    lease_owner   TEXT,
    lease_until   BIGINT,
    not_before    BIGINT NOT NULL,
    trouble       TEXT,
    changed_at    BIGINT NOT NULL,
    sent_at       BIGINT
);
CREATE INDEX effect_by_kind ON effect (kind, repository);

CREATE TABLE deployment (
    id          TEXT PRIMARY KEY,
    repository  BIGINT NOT NULL,
    pull        BIGINT NOT NULL,
    revision    TEXT NOT NULL,
    environment TEXT NOT NULL,
    state       TEXT NOT NULL,
    detail      TEXT NOT NULL,       -- JSON
    started_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    UNIQUE (repository, pull, revision, environment)
);

CREATE TABLE deploy_step (
    deployment TEXT NOT NULL,
    seq        BIGINT NOT NULL,
    app        TEXT NOT NULL,
    action     TEXT NOT NULL,
    object     TEXT NOT NULL,
    detail     TEXT NOT NULL,        -- JSON
    state      TEXT NOT NULL,        -- planned | done | failed
    note       TEXT,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (deployment, seq)
);

-- Append-only; each entry's hash covers the one before.
CREATE TABLE audit (
    seq      BIGINT PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    subject  TEXT NOT NULL,
    detail   TEXT NOT NULL,          -- JSON
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL
);
