//! How each component words its lines: what it says when it starts, while it runs, and before it dies.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::json;

/// A way of logging.
#[derive(Debug)]
pub(super) struct Genre {
    /// What is said after a start: milliseconds after it, and the words.
    pub boot: &'static [(u64, &'static str)],
    /// Puts the component's own head before words.
    pub dress: fn(Timestamp, &str) -> String,
    /// Mean milliseconds between two lines of routine; 0 for none.
    pub period: u64,
    /// A line of routine.
    pub routine: fn(Timestamp, &mut Rng) -> String,
    /// What is said last when the exit code is 0.
    pub farewell: &'static [&'static str],
    /// What is said last otherwise.
    pub death: &'static [&'static str],
}

impl Genre {
    /// What a container with this name and command prints, in this pod.
    pub fn of(pod: &str, container: &str, command: &str) -> &'static Self {
        let known: [(&str, &'static Self); 8] = [
            ("uvicorn", &UVICORN),
            ("celery", &CELERY),
            ("node server.js", &NEXT),
            ("postgres", &POSTGRES),
            ("redis-server", &REDIS),
            ("opensearch", &OPENSEARCH),
            ("./qdrant-exporter", &PLAIN),
            ("qdrant", &QDRANT),
        ];
        match container {
            "migrate" if pod.contains("snapshot") => return &SNAPSHOT,
            "migrate" => return &ALEMBIC,
            "smoke" => return &SMOKE,
            _ => {}
        }
        let otherwise = if is_told(command) { &TOLD } else { &PLAIN };
        known.iter().find(|(word, _)| command.contains(word)).map_or(otherwise, |(_, genre)| genre)
    }
}

/// Whether a command says itself what it prints, and nothing else does.
fn is_told(command: &str) -> bool {
    let script = ["sh -c ", "bash -c ", "/bin/sh -c "].iter().find_map(|shell| command.strip_prefix(shell));
    let mut statements = script.unwrap_or(command).split([';', '\n']).flat_map(|part| part.split("&&")).map(str::trim);
    let known = ["echo", "sleep", "exit", "true", "false", "set", ":"];
    !command.is_empty()
        && statements.all(|one| one.is_empty() || one.split(' ').next().is_some_and(|word| known.contains(&word)))
}

fn bare(_: Timestamp, words: &str) -> String {
    words.to_owned()
}

fn silent(_: Timestamp, _: &mut Rng) -> String {
    String::new()
}

fn pick<'a>(random: &mut Rng, words: &[&'a str]) -> &'a str {
    words.get(random.usize(..words.len().max(1))).copied().unwrap_or_default()
}

static UVICORN: Genre = Genre {
    boot: &[
        (400, "INFO:     Started server process [1]"),
        (420, "INFO:     Waiting for application startup."),
        (900, "INFO:     Application startup complete."),
        (910, "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)"),
    ],
    dress: bare,
    period: 1_500,
    routine: |_, random| {
        let (from, port) = (random.u8(2..250), random.u16(32_768..60_999));
        let roll = random.u8(..);
        let (call, answer) = match roll {
            0..120 => ("GET /health", "200 OK"),
            120..180 => ("GET /api/v1/search?q=transit", "200 OK"),
            180..210 => ("POST /api/v1/jobs", "202 Accepted"),
            210..235 => ("GET /api/v1/jobs/7f3c", "200 OK"),
            235..250 => ("GET /api/v1/documents/991", "404 Not Found"),
            250..255 => ("POST /api/v1/jobs", "422 Unprocessable Entity"),
            255 => ("GET /api/v1/reports", "500 Internal Server Error"),
        };
        format!("INFO:     10.244.0.{from}:{port} - \"{call} HTTP/1.1\" {answer}")
    },
    farewell: &["INFO:     Shutting down", "INFO:     Finished server process [1]"],
    death: &[
        "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
    ],
};

fn celery(at: Timestamp, words: &str) -> String {
    format!("[{}: {words}", at.strftime("%Y-%m-%d %H:%M:%S,%3f"))
}

static CELERY: Genre = Genre {
    // imports come first and take their time: a worker that cannot import says nothing else
    boot: &[
        (1_600, "INFO/MainProcess] Connected to redis://redis:6379/0"),
        (1_650, "INFO/MainProcess] mingle: searching for neighbors"),
        (2_700, "INFO/MainProcess] mingle: all alone"),
        (2_750, "INFO/MainProcess] worker@predator ready."),
    ],
    dress: celery,
    period: 2_200,
    routine: |at, random| {
        let task = pick(random, &["ingest_document", "embed_chunk", "refresh_index", "send_digest"]);
        let id = random.u64(..);
        let words = match random.u8(0..12) {
            0..6 => format!("INFO/MainProcess] Task predator.tasks.{task}[{id:016x}] received"),
            6..11 => {
                let took = f64::from(random.u32(8..4_000)) / 1_000.0;
                format!("INFO/ForkPoolWorker-2] Task predator.tasks.{task}[{id:016x}] succeeded in {took:.3}s: None")
            }
            _ => format!(
                "WARNING/ForkPoolWorker-1] predator.tasks.{task}[{id:016x}] retry: Retry in 30s: TimeoutError()"
            ),
        };
        celery(at, &words)
    },
    farewell: &["worker: Warm shutdown (MainProcess)"],
    death: &[
        "Traceback (most recent call last):",
        "  File \"/usr/local/bin/celery\", line 8, in <module>",
        "    sys.exit(main())",
        "  File \"/app/worker.py\", line 3, in <module>",
        "    from predator.tasks import ingest",
        "ModuleNotFoundError: No module named 'predator.tasks'",
    ],
};

static NEXT: Genre = Genre {
    boot: &[
        (300, "  ▲ Next.js 15.1.4"),
        (301, "  - Local:        http://localhost:3000"),
        (302, "  - Network:      http://0.0.0.0:3000"),
        (310, " ✓ Starting..."),
        (800, " ✓ Ready in 487ms"),
    ],
    dress: bare,
    period: 2_600,
    routine: |_, random| {
        let path = pick(random, &["/", "/search", "/jobs", "/jobs/7f3c", "/api/session", "/healthz"]);
        let status = if random.u8(..) < 245 { "\u{1b}[32m200\u{1b}[39m" } else { "\u{1b}[31m500\u{1b}[39m" };
        format!(" GET {path} {status} in {}ms", random.u32(3..240))
    },
    farewell: &[],
    death: &["Error: listen EADDRINUSE: address already in use :::3000"],
};

fn postgres(at: Timestamp, words: &str) -> String {
    format!("{} UTC {words}", at.strftime("%Y-%m-%d %H:%M:%S.%3f"))
}

static POSTGRES: Genre = Genre {
    boot: &[
        (200, "[1] LOG:  starting PostgreSQL 15.6 on x86_64-pc-linux-musl, compiled by gcc, 64-bit"),
        (205, "[1] LOG:  listening on IPv4 address \"0.0.0.0\", port 5432"),
        (260, "[29] LOG:  database system was shut down in recovery at restart"),
        (340, "[1] LOG:  database system is ready to accept connections"),
    ],
    dress: postgres,
    period: 15_000,
    routine: |at, random| {
        let buffers = random.u32(20..2_400);
        let words = match random.u8(0..8) {
            0..3 => "[27] LOG:  checkpoint starting: time".to_owned(),
            3..6 => format!(
                "[27] LOG:  checkpoint complete: wrote {buffers} buffers ({:.1}%); 0 WAL file(s) added, 0 removed, 1 recycled",
                f64::from(buffers) / 163.84
            ),
            6 => format!(
                "[{}] LOG:  duration: {}.{:03} ms  statement: SELECT id, status FROM jobs WHERE status = 'queued' ORDER BY created_at LIMIT 50",
                random.u16(90..900),
                random.u16(250..2_000),
                random.u16(0..1_000)
            ),
            _ => format!("[{}] ERROR:  canceling statement due to statement timeout", random.u16(90..900)),
        };
        postgres(at, &words)
    },
    farewell: &["LOG:  database system is shut down"],
    death: &["FATAL:  could not write lock file \"postmaster.pid\": No space left on device"],
};

fn redis(at: Timestamp, words: &str) -> String {
    format!("1:M {} {words}", at.strftime("%d %b %Y %H:%M:%S.%3f"))
}

static REDIS: Genre = Genre {
    boot: &[
        (20, "* oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"),
        (21, "* Redis version=7.2.4, bits=64, commit=00000000, modified=0, pid=1, just started"),
        (30, "* Running mode=standalone, port=6379."),
        (60, "* Server initialized"),
        (61, "* Ready to accept connections tcp"),
    ],
    dress: redis,
    period: 20_000,
    routine: |at, random| {
        let words = match random.u8(0..4) {
            0 => format!("* {} changes in 300 seconds. Saving...", random.u16(10..900)),
            1 => format!("* Background saving started by pid {}", random.u16(20..9_000)),
            2 => "* Background saving terminated with success".to_owned(),
            _ => format!("* DB saved on disk, {} keys", random.u32(4_000..9_000)),
        };
        redis(at, &words)
    },
    farewell: &["1:M # Redis is now ready to exit, bye bye..."],
    death: &[
        "1:M # Can't handle RDB format version 12",
        "1:M # Fatal error loading the DB, check server logs. Exiting.",
    ],
};

fn qdrant(at: Timestamp, words: &str) -> String {
    format!("{} {words}", at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ"))
}

static QDRANT: Genre = Genre {
    boot: &[
        (
            50,
            " INFO storage::content_manager::consensus::persistent: Loading raft state from ./storage/raft_state.json",
        ),
        (300, " INFO storage::content_manager::toc: Loading collection: documents"),
        (900, " INFO actix_web::middleware: Qdrant HTTP listening on 6333"),
        (905, " INFO qdrant::tonic: Qdrant gRPC listening on 6334"),
    ],
    dress: qdrant,
    period: 4_000,
    routine: |at, random| {
        let call = pick(
            random,
            &[
                "POST /collections/documents/points/search",
                "PUT /collections/documents/points?wait=true",
                "GET /readyz",
            ],
        );
        let took = f64::from(random.u32(300..90_000)) / 1e6;
        qdrant(
            at,
            &format!(
                " INFO actix_web::middleware::logger: 10.244.0.{} \"{call} HTTP/1.1\" 200 {} \"-\" \"python-httpx/0.27.0\" {took:.6}",
                random.u8(2..250),
                random.u16(40..4_000)
            ),
        )
    },
    farewell: &[],
    death: &["ERROR qdrant::startup: Panic occurred in file src/main.rs: storage is locked by another process"],
};

fn opensearch(at: Timestamp, words: &str) -> String {
    let (component, message) = words.split_once(": ").unwrap_or(("o.o.n.Node", words));
    opensearch_line(at, "INFO", component, message)
}

fn opensearch_line(at: Timestamp, level: &str, component: &str, message: &str) -> String {
    json!({"type": "server", "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S,%3fZ").to_string(), "level": level,
        "component": component, "cluster.name": "predator", "node.name": "opensearch-0", "message": message})
    .to_string()
}

static OPENSEARCH: Genre = Genre {
    boot: &[
        (900, "o.o.n.Node: version[2.13.0], pid[1], build[tar/unknown], JVM[17.0.10]"),
        (2_400, "o.o.p.PluginsService: loaded module [transport-netty4]"),
        (5_200, "o.o.c.c.Coordinator: setting initial configuration to VotingConfiguration{opensearch-0}"),
        (6_100, "o.o.n.Node: started"),
    ],
    dress: opensearch,
    period: 9_000,
    routine: |at, random| match random.u8(0..10) {
        0..6 => opensearch_line(
            at,
            "INFO",
            "o.o.m.j.JvmGcMonitorService",
            &format!(
                "[gc][{}] overhead, spent [{}ms] collecting in the last [1s]",
                random.u16(..),
                random.u16(20..240)
            ),
        ),
        6..9 => {
            opensearch_line(at, "INFO", "o.o.c.m.MetadataMappingService", "[documents-000012] update_mapping [_doc]")
        }
        _ => opensearch_line(
            at,
            "WARN",
            "o.o.c.r.a.DiskThresholdMonitor",
            "low disk watermark [85%] exceeded on [opensearch-0], replicas will not be assigned to this node",
        ),
    },
    farewell: &[],
    death: &[
        "ERROR: [1] bootstrap checks failed",
        "[1]: max virtual memory areas vm.max_map_count [65530] is too low, increase to at least [262144]",
    ],
};

static ALEMBIC: Genre = Genre {
    boot: &[
        (500, "INFO  [alembic.runtime.migration] Context impl PostgresqlImpl."),
        (501, "INFO  [alembic.runtime.migration] Will assume transactional DDL."),
        (900, "INFO  [alembic.runtime.migration] Running upgrade 4f1d2c7a9e30 -> 8b6e0a5517cd, add jobs.priority"),
    ],
    dress: bare,
    period: 0,
    routine: silent,
    farewell: &["INFO  [predator.migrate] database is at 8b6e0a5517cd (head)"],
    death: &[
        "Traceback (most recent call last):",
        "  File \"/usr/local/bin/alembic\", line 8, in <module>",
        "sqlalchemy.exc.ProgrammingError: (psycopg.errors.DuplicateColumn) column \"priority\" of relation \"jobs\" already exists",
    ],
};

static SNAPSHOT: Genre = Genre {
    boot: &[(300, "creating a snapshot"), (1_900, "snapshot is complete, 412 MB")],
    dress: bare,
    period: 0,
    routine: silent,
    farewell: &[],
    death: &["snapshot failed: no space left on device"],
};

static SMOKE: Genre = Genre {
    boot: &[(200, "GET /health 200"), (500, "GET /api/v1/search?q=transit 200")],
    dress: bare,
    period: 0,
    routine: silent,
    farewell: &["2 of 2 checks passed"],
    death: &["GET /api/v1/jobs 500", "2 of 3 checks passed"],
};

fn plain(at: Timestamp, words: &str) -> String {
    format!("time=\"{}\" level=info msg=\"{words}\"", at.strftime("%Y-%m-%dT%H:%M:%SZ"))
}

static PLAIN: Genre = Genre {
    boot: &[(100, "starting"), (400, "ready")],
    dress: plain,
    period: 10_000,
    routine: |at, random| plain(at, &format!("tick took {}ms", random.u16(1..90))),
    farewell: &[],
    death: &["level=fatal msg=\"cannot go on\""],
};

/// What prints only what its script says; that is written by whoever runs it.
static TOLD: Genre = Genre { boot: &[], dress: bare, period: 0, routine: silent, farewell: &[], death: &[] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_speaks_as_what_it_runs() {
        let at = Timestamp::from_second(1_795_416_207).unwrap();
        let mut random = Rng::with_seed(1);
        let mut line = |container, command| (Genre::of("p", container, command).routine)(at, &mut random);
        assert!(line("api", "python -m debugpy -m uvicorn predator.main:app").contains("HTTP/1.1\" "));
        assert!(line("worker", "celery -A predator.worker").starts_with("[2026-11-23 06:43:27,000: "));
        assert!(line("postgres", "docker-entrypoint.sh postgres").starts_with("2026-11-23 06:43:27.000 UTC ["));
        assert!(line("redis", "redis-server --appendonly yes").starts_with("1:M 23 Nov 2026 06:43:27.000 "));
        let json: serde_json::Value =
            serde_json::from_str(&line("opensearch", "./opensearch-docker-entrypoint.sh")).unwrap();
        assert_eq!(json["node.name"], "opensearch-0");
        assert_eq!(line("migrate", "anything"), "");
        for told in ["sh -c echo hi; exit 3", "echo hello there", "sh -c sleep 2 && false"] {
            assert!(Genre::of("p", "c", told).boot.is_empty(), "{told}");
        }
        for more in ["", "sh -c argocd-server", "sh -c echo up; ./serve"] {
            assert_eq!(Genre::of("p", "c", more).boot.len(), 2, "{more}");
        }
    }
}
